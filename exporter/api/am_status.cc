// SPDX-License-Identifier: Apache-2.0
// GET /api/v2/status and /api/v2/receivers.
#include <fmt/format.h>

#include "exporter/api/am_common.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

HttpResponse GetStatus(const AlertmanagerApiDeps& deps) {
  std::string body;
  JsonWriter json(&body);
  json.StartObject();
  json.Key("cluster").StartObject().Key("peers").StartArray().EndArray();
  json.Key("status").String("disabled").EndObject();
  json.Key("config").StartObject().Key("original").String(deps.config_yaml()).EndObject();
  json.Key("uptime").String(AmTime(deps.started_at));
  json.Key("versionInfo").StartObject();
  json.Key("branch").String(deps.build.branch);
  json.Key("buildDate").String(deps.build.build_date);
  json.Key("buildUser").String(deps.build.build_user);
  json.Key("goVersion").String(deps.build.compiler);
  json.Key("revision").String(deps.build.revision);
  json.Key("version").String(ApiVersion(kAlertmanagerApiVersion, deps.build));
  json.EndObject().EndObject();
  return AmJson(std::move(body));
}

HttpResponse GetReceivers(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  const std::shared_ptr<const DeskConfig> desk = deps.desk.config();
  const AlertmanagerConfig& config = desk->alertmanager;
  const StatusOr<ParamReader> params = ParamReader::Read(request);
  if (!params.ok()) return AmError(400, Message(params.status()));
  const StatusOr<ReceiverFilter> filter = ReadReceiverFilter(*params, config.matcher_mode);
  if (!filter.ok()) return AmError(400, Message(filter.status()));
  std::string body;
  JsonWriter json(&body);
  json.StartArray();
  for (const ReceiverConfig& receiver : config.receivers) {
    if (filter->Passes(config, receiver.name)) WriteReceiver(config, receiver.name, &json);
  }
  json.EndArray();
  return AmJson(std::move(body));
}

// Whether the client takes JSON. One that says nothing does.
bool TakesJson(const HttpRequest& request) {
  const std::string accept = request.Header("Accept");
  if (accept.empty()) return true;
  for (const std::string_view range : Split(accept, ',')) {
    const std::string type = ToLower(Trim(Split(range, ';')[0]));
    if (type == "*/*" || type == "application/*" || type == "application/json") return true;
  }
  return false;
}

HttpResponse RunIfJson(HttpRequest& request, const HttpHandler& next) {
  if (TakesJson(request)) return next(request);
  return AmShapeError(406, 406,
                      "unsupported media type requested, only [application/json] are available");
}

}  // namespace

void RegisterAmStatus(Router& router, const AlertmanagerApiDeps& deps) {
  router.Add("GET", "/api/v2/status", [deps](HttpRequest&) { return GetStatus(deps); });
  router.Add("GET", "/api/v2/receivers",
             [deps](HttpRequest& request) { return GetReceivers(deps, request); });
}

void RegisterAlertmanagerApi(Router& router, const AlertmanagerApiDeps& deps) {
  RegisterAmStatus(router, deps);
  RegisterAmSilences(router, deps);
  RegisterAmAlerts(router, deps);
  router.AddWrapper("/api/v2/", [meter = deps.meter](HttpRequest& request,
                                                     const HttpHandler& next) {
    if (meter == nullptr) return RunIfJson(request, next);
    return meter->Run(request, [&next](HttpRequest& counted) { return RunIfJson(counted, next); });
  });
  router.SetErrorPage("/api/v2/", [](int status, const HttpRequest& request) {
    return AmShapeError(status, status,
                        status == 404 ? fmt::format("path {} was not found", request.path)
                                      : fmt::format("method {} is not allowed, but [{}] are",
                                                    request.method, Join(request.allowed, ",")));
  });
}

}  // namespace outrider
