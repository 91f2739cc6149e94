// SPDX-License-Identifier: Apache-2.0
// GET /api/v2/status and /api/v2/receivers.
#include <fmt/format.h>

#include "exporter/api/am_common.h"

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

HttpResponse GetReceivers(const AlertmanagerApiDeps& deps) {
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  std::string body;
  JsonWriter json(&body);
  json.StartArray();
  for (const ReceiverConfig& receiver : config->alertmanager.receivers) {
    json.StartObject().Key("name").String(receiver.name).EndObject();
  }
  json.EndArray();
  return AmJson(std::move(body));
}

}  // namespace

void RegisterAmStatus(Router& router, const AlertmanagerApiDeps& deps) {
  router.Add("GET", "/api/v2/status", [deps](HttpRequest&) { return GetStatus(deps); });
  router.Add("GET", "/api/v2/receivers", [deps](HttpRequest&) { return GetReceivers(deps); });
}

void RegisterAlertmanagerApi(Router& router, const AlertmanagerApiDeps& deps) {
  RegisterAmStatus(router, deps);
  RegisterAmSilences(router, deps);
  RegisterAmAlerts(router, deps);
  router.SetErrorPage("/api/v2/", [](int status, const HttpRequest& request) {
    return AmShapeError(status, status,
                        status == 404 ? fmt::format("path {} was not found", request.path)
                                      : fmt::format("method {} is not allowed", request.method));
  });
}

}  // namespace outrider
