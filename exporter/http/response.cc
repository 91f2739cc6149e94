// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/server.h"

namespace outrider {
namespace {

HttpResponse Make(int status, const char* content_type, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = content_type;
  response.body = std::move(body);
  return response;
}

}  // namespace

HttpResponse HttpResponse::Text(int status, std::string body) {
  return Make(status, "text/plain; charset=utf-8", std::move(body));
}

HttpResponse HttpResponse::Json(int status, std::string body) {
  return Make(status, "application/json", std::move(body));
}

HttpResponse HttpResponse::Html(int status, std::string body) {
  return Make(status, "text/html; charset=utf-8", std::move(body));
}

HttpResponse HttpResponse::Empty() { return Make(204, "", ""); }

}  // namespace outrider
