// SPDX-License-Identifier: Apache-2.0
// GET /outrider/v1/silences/preview: what a silence would mute, before it is set.
#include "exporter/api/am_common.h"
#include "exporter/api/product_common.h"

namespace outrider {
namespace {

constexpr size_t kDefaultShown = 20;
constexpr size_t kMaxShown = 1000;

void WriteTexts(std::string_view key, const std::vector<std::string>& texts, JsonWriter* json) {
  json->Key(key).StartArray();
  for (const std::string& text : texts) json->String(text);
  json->EndArray();
}

void WriteAlert(const AlertView& view, JsonWriter* json) {
  json->StartObject().Key("fingerprint").String(view.fingerprint);
  json->Key("labels").StartObject();
  for (const LabelView& label : view.alert.labels) json->Key(label.name).String(label.value);
  json->EndObject();
  WriteTime("starts_at", view.alert.starts_at.nanos, json);
  WriteTexts("silenced_by", view.silenced_by, json);
  WriteTexts("inhibited_by", view.inhibited_by, json);
  WriteTexts("receivers", view.receivers, json);
  json->EndObject();
}

StatusOr<HttpResponse> Preview(const AlertmanagerApiDeps& deps, HttpRequest& request) {
  const ParamReader params = TRY(ParamReader::Read(request));
  const std::shared_ptr<const DeskConfig> config = deps.desk.config();
  const std::vector<Matcher> matchers =
      TRY(ReadFilters(params, "filter", config->alertmanager.matcher_mode));
  if (matchers.empty()) return InvalidArgument("filter: at least one matcher is needed");
  const size_t asked = TRY(params.Limit("limit"));
  const size_t shown = asked == 0 ? kDefaultShown : std::min(asked, kMaxShown);
  const SilencePreview preview =
      TRY(deps.desk.PreviewSilence(matchers, shown, deps.clock.NowNanos()));
  const Status guard =
      CheckSilenceReach(config->limits.silences, Silence(), {preview.matching, preview.firing});
  std::string body;
  JsonWriter json(&body);
  json.StartObject().Key("matching").Int(static_cast<int64_t>(preview.matching));
  json.Key("firing").Int(static_cast<int64_t>(preview.firing));
  json.Key("muted_before").Int(static_cast<int64_t>(preview.muted_before));
  json.Key("last_day").Int(static_cast<int64_t>(preview.last_day));
  json.Key("refused").String(guard.ok() ? "" : Message(guard));
  json.Key("alerts").StartArray();
  for (const AlertView& view : preview.alerts) WriteAlert(view, &json);
  json.EndArray().EndObject();
  return HttpResponse::Json(200, std::move(body));
}

}  // namespace

void RegisterSilencePreview(Router& router, const AlertmanagerApiDeps& deps) {
  router.Add("GET", "/outrider/v1/silences/preview",
             ProductRoute([deps](HttpRequest& request) { return Preview(deps, request); }));
}

}  // namespace outrider
