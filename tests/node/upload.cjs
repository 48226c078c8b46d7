// Uploads a file with one of api.video's clients: node upload.cjs '{"client": ..., "way": ...}'
// Prints the answers as JSON, or {"error": ...}. Ways: see WAYS at the end.

const fs = require("fs");

function official(options) {
  const ApiVideoClient = require("@api.video/nodejs-client");
  const { baseUri, apiKey, chunkSize } = options;
  return new ApiVideoClient({ baseUri, apiKey, chunkSize }).videos;
}

function browser(options) {
  const { JSDOM } = require("jsdom");
  const { window } = new JSDOM("", { url: options.origin, pretendToBeVisual: true });
  Object.assign(globalThis, {
    window,
    XMLHttpRequest: window.XMLHttpRequest,
    FormData: window.FormData,
    File: window.File,
    Blob: window.Blob,
  });
  return require("@api.video/video-uploader");
}

function credentials({ uploadToken, apiKey, accessToken, refreshToken, videoId }) {
  const all = { uploadToken, apiKey, accessToken, refreshToken, videoId };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function pieces(options) {
  const content = fs.readFileSync(options.file);
  const cut = Math.ceil(content.length / 2);
  return [content.subarray(0, cut), content.subarray(cut)];
}

function onDisk(options) {
  return pieces(options).map((piece, n) => {
    fs.writeFileSync(`${options.file}.${n}`, piece);
    return `${options.file}.${n}`;
  });
}

const WAYS = {
  node: {
    source: async (o) => [await official(o).upload(o.videoId, o.file)],
    delegated: async (o) => [await official(o).uploadWithUploadToken(o.uploadToken, o.file)],
    progressive: async (o) => {
      const session = official(o).createUploadProgressiveSession(o.videoId);
      const [first, last] = onDisk(o);
      return [await session.uploadPart(first), await session.uploadLastPart(last)];
    },
    "delegated progressive": async (o) => {
      const videos = official(o);
      const session = videos.createUploadWithUploadTokenProgressiveSession(o.uploadToken);
      const [first, last] = onDisk(o);
      return [await session.uploadPart(first), await session.uploadLastPart(last)];
    },
  },
  browser: {
    file: async (o) => {
      const { VideoUploader } = browser(o);
      const file = new window.File([fs.readFileSync(o.file)], "browser.mp4");
      const { apiHost, chunkSize } = o;
      const uploader = new VideoUploader({ file, apiHost, chunkSize, ...credentials(o) });
      return [await uploader.upload()];
    },
    progressive: async (o) => {
      const { ProgressiveUploader } = browser(o);
      const uploader = new ProgressiveUploader({ apiHost: o.apiHost, ...credentials(o) });
      const [first, last] = pieces(o).map((piece) => new window.Blob([piece]));
      uploader.uploadPart(first);
      return [await uploader.uploadLastPart(last)];
    },
    "until playable": async (o) => {
      const { VideoUploader } = browser(o);
      const file = new window.File([fs.readFileSync(o.file)], "browser.mp4");
      const uploader = new VideoUploader({ file, apiHost: o.apiHost, ...credentials(o) });
      const playable = new Promise((resolve) => uploader.onPlayable(resolve));
      await uploader.upload();
      return [await playable];
    },
  },
};

const options = JSON.parse(process.argv[2]);
WAYS[options.client][options.way](options)
  .then((answers) => ({ answers }))
  .catch((error) => ({ error: { message: String(error.message), ...error } }))
  .then((result) => process.stdout.write(JSON.stringify(result), () => process.exit()));
