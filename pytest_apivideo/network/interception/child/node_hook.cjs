// Routes node to the fake, or blocks api.video, as its environment says; loaded by NODE_OPTIONS.
"use strict";

const fs = require("node:fs");
const net = require("node:net");
const tls = require("node:tls");

if (process.env.APIVIDEO_INTERCEPTION) {
  const { address, ca, hosts = [], blocked } = JSON.parse(process.env.APIVIDEO_INTERCEPTION);
  const authority = ca && fs.readFileSync(ca);
  const [host, port] = address || [];
  const nameOf = (options) =>
    String((options && (options.servername || options.host || options.hostname)) || "")
      .toLowerCase()
      .replace(/\.+$/, "");

  // Returns true for a host of the fake; throws for other hosts of api.video.
  const isOurs = (name, wanted) => {
    if (!name.endsWith(".api.video") && name !== "api.video") return false;
    if (hosts.includes(name) && Number(wanted) === 443) return true;
    try {
      if (blocked) fs.appendFileSync(blocked, `${name}\n`);
    } catch {} // only the warning at the end of the test is lost
    const reason = address
      ? `the fake stands for ${hosts.join(", ")}, port 443 only.`
      : "the test uses the fake api.video, but this process calls the real one. Use the fixture " +
        "apivideo_intercept, or give the process the address apivideo.url.";
    throw new Error(
      `pytest-apivideo stopped a connection to ${name}, port ${wanted}: ${reason} ` +
        "See docs/interception.md of pytest-apivideo",
    );
  };

  const connectTls = tls.connect;
  tls.connect = function connect(...given) {
    const [options, callback] = net._normalizeArgs(given);
    const name = nameOf(options);
    if (!isOurs(name, options.port === undefined ? 443 : options.port)) {
      return connectTls.apply(this, given);
    }
    const ours = { ...options, servername: name, ca: authority, ALPNProtocols: ["http/1.1"] };
    delete ours.secureContext;
    delete ours.session;
    if (!ours.socket) Object.assign(ours, { host, port, path: undefined });
    return connectTls.call(this, ours, callback || undefined);
  };

  const connectSocket = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function connect(...given) {
    const normalized = Array.isArray(given[0]) ? given[0] : net._normalizeArgs(given);
    const options = normalized[0];
    const name = nameOf({ host: options && options.host });
    if (!isOurs(name, options && options.port)) return connectSocket.apply(this, given);
    const callback = normalized[1];
    return connectSocket.call(this, { ...options, host, port }, ...(callback ? [callback] : []));
  };
}
