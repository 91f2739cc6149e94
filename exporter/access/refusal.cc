// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/refusal.h"

#include <fmt/format.h>

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kHead =
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    "<title>Outrider: sign in</title><style>"
    "body{font:16px system-ui,sans-serif;max-width:20em;margin:15vh auto;padding:0 1em;"
    "color:#222;background:#fff}"
    "input,button{font:inherit;width:100%;box-sizing:border-box;padding:.6em;margin:.3em 0 .9em}"
    ".bad{color:#a00}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.bad{color:#f77}}"
    "</style></head><body><h1>Outrider</h1>\n";

std::string_view ErrorType(int status) {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 429:
      return "too_many_requests";
    default:
      return "unavailable";
  }
}

}  // namespace

HttpResponse Refusal(int status, std::string_view message) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("status").String("error");
  json.Key("errorType").String(ErrorType(status)).Key("error").String(message).EndObject();
  HttpResponse response = HttpResponse::Json(status, std::move(body));
  if (status == 401) {
    response.headers.emplace_back("WWW-Authenticate",
                                  "Basic realm=\"outrider\", charset=\"UTF-8\"");
  }
  return response;
}

HttpResponse TooMany(std::string_view message, DurationMs wait) {
  HttpResponse response = Refusal(429, message);
  response.headers.emplace_back("Retry-After", std::to_string((wait + kSecond - 1) / kSecond));
  return response;
}

HttpResponse LoginPage(int status, std::string_view route_prefix, std::string_view next,
                       std::string_view message) {
  std::string page(kHead);
  if (!message.empty()) {
    page += fmt::format("<p class=\"bad\" role=\"alert\">{}</p>\n", EscapeHtml(message));
  }
  page += fmt::format(
      "<form method=\"post\" action=\"{}/outrider/v1/login\">"
      "<input type=\"hidden\" name=\"next\" value=\"{}\">"
      "<label>Name<input name=\"username\" autocomplete=\"username\" autocapitalize=\"none\" "
      "required autofocus></label>"
      "<label>Password<input type=\"password\" name=\"password\" "
      "autocomplete=\"current-password\" required></label>"
      "<button>Sign in</button></form>\n</body></html>\n",
      EscapeHtml(route_prefix), EscapeHtml(SafeNext(next)));
  HttpResponse response = HttpResponse::Html(status, std::move(page));
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Frame-Options", "DENY");
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
      "frame-ancestors 'none'");
  return response;
}

bool IsBrowser(const HttpRequest& request) {
  return request.method == "GET" && !request.HasHeader("Authorization") &&
         Contains(request.Header("Accept"), "text/html");
}

std::string SafeNext(std::string_view next) {
  if (!next.starts_with('/') || next.starts_with("//") || next.starts_with("/\\")) return "/";
  for (const char c : next) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7f) return "/";
  }
  return std::string(next);
}

}  // namespace outrider
