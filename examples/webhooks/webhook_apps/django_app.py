"""Webhooks of api.video in Django, in one file: `request.body` has the raw bytes."""

from __future__ import annotations

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from webhook_apps.signatures import is_from_apivideo

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["testserver"],
        ROOT_URLCONF=__name__,
        WEBHOOK_SECRETS={},  # the `signatureSecret` of each webhook, by its id
    )
    django.setup()


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Accept an event with a valid signature, and refuse any other."""
    if not is_from_apivideo(request.body, request.headers, settings.WEBHOOK_SECRETS):
        return HttpResponse(status=401)
    return HttpResponse(status=202)  # now look at json.loads(request.body)["type"]


urlpatterns = [path("hooks", receive)]
