// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/contacts.h"

#include <fmt/format.h>

#include "exporter/api/product_common.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxBody = 4096;

StatusOr<HttpResponse> List(const ContactsApiDeps& deps, HttpRequest& request) {
  const std::string& user = request.path_params.at("name");
  const std::vector<ContactView> contacts = TRY(deps.desk.Contacts(user));
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("user").String(user);
  json.Key("contacts").StartArray();
  for (const ContactView& contact : contacts) {
    json.StartObject().Key("method").String(contact.integration);
    WriteTime("verified_at", contact.verified_at, &json);
    json.Key("usable").Bool(contact.usable).EndObject();
  }
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

StatusOr<HttpResponse> Start(const ContactsApiDeps& deps, HttpRequest& request) {
  TRY(deps.desk.StartVerification(request.path_params.at("name"), request.path_params.at("method"),
                                  deps.clock.NowNanos()));
  return HttpResponse::Json(202, R"({"status":"a code is on its way"})");
}

StatusOr<std::string> ReadCode(HttpRequest& request) {
  const StatusOr<JsonValue> json = ParseJson(TRY(request.ReadBody(kMaxBody)));
  if (!json.ok()) return Annotate(json.status(), "body");
  if (json->kind != JsonValue::Kind::kObject) return InvalidArgument("body: want an object");
  for (const auto& [key, value] : json->members) {
    if (key != "code") return InvalidArgument(fmt::format("body: unknown key {}", Quote(key)));
    if (value.kind != JsonValue::Kind::kString) {
      return InvalidArgument("body: code must be a text");
    }
  }
  std::string code(Trim(json->GetString("code")));
  if (code.empty()) return InvalidArgument("body: code is missing");
  return code;
}

StatusOr<HttpResponse> Confirm(const ContactsApiDeps& deps, HttpRequest& request) {
  const std::string code = TRY(ReadCode(request));
  TRY(deps.desk.ConfirmVerification(
      {.user = request.path_params.at("name"), .method = request.path_params.at("method")}, code,
      CallerOf(request), deps.clock.NowNanos()));
  return HttpResponse::Json(200, R"({"status":"verified"})");
}

}  // namespace

void RegisterContactsApi(Router& router, const ContactsApiDeps& deps) {
  router.Add("GET", "/outrider/v1/users/:name/contacts",
             ProductRoute([deps](HttpRequest& request) { return List(deps, request); }));
  router.Add("POST", "/outrider/v1/users/:name/contacts/:method/verify/start",
             ProductRoute([deps](HttpRequest& request) { return Start(deps, request); }));
  router.Add("POST", "/outrider/v1/users/:name/contacts/:method/verify/confirm",
             ProductRoute([deps](HttpRequest& request) { return Confirm(deps, request); }));
}

}  // namespace outrider
