// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/victorops.h"

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/template_tree.h"
#include "notifiers/channel/truncate.h"

namespace outrider {

const std::string_view kVictorOpsTemplates = R"TEMPLATE(
{{- define "victorops.default.state_message" -}}
  {{ template "__common_annotations" . }}{{ template "__alerts_compact" . }}
{{- end }}
{{- define "victorops.default.entity_display_name" }}{{ template "__subject" . }}{{ end }}
{{- define "victorops.default.monitoring_tool" }}{{ template "__alertmanager" . }}{{ end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxStateMessage = 20480;  // runes

constexpr TextDefault kTexts[] = {
    {"routing_key", ""},
    {"message_type", "CRITICAL"},
    {"state_message", R"({{ template "victorops.default.state_message" . }})"},
    {"entity_display_name", R"({{ template "victorops.default.entity_display_name" . }})"},
    {"monitoring_tool", R"({{ template "victorops.default.monitoring_tool" . }})"},
};

struct VictorOpsSettings {
  std::string api_url;
  Secret api_key;
  SectionTexts texts;
  std::map<std::string, std::string> custom_fields;
};

class VictorOpsChannel final : public HttpChannel {
 public:
  VictorOpsChannel(HttpChannelParts parts, VictorOpsSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  // Events with the same entity id are one incident there.
  bool Idempotent() const override { return true; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    const SectionTexts& texts = settings_.texts;
    const std::string key = TRY(attempt.Reveal(settings_.api_key));
    const std::string url =
        JoinUrl(settings_.api_url,
                EscapedPath(key) + "/" + EscapedPath(attempt.Text(texts["routing_key"])));
    std::map<std::string, std::string> fields = {
        {"message_type", MessageType(attempt)},
        {"entity_id", attempt.GroupHash()},
        {"entity_display_name", attempt.Text(texts["entity_display_name"])},
        {"state_message",
         TruncateRunes(WithNote(attempt.notification(), attempt.Text(texts["state_message"])),
                       kMaxStateMessage)},
        {"monitoring_tool", attempt.Text(texts["monitoring_tool"])},
    };
    for (const auto& [name, text] : settings_.custom_fields) fields[name] = attempt.Text(text);
    for (auto& [name, text] : fields) text = JsonText(text);
    return attempt.PostJson(url, JsonObject(fields) + "\n");
  }

  std::string MessageType(HttpAttempt& attempt) const {
    std::string type = attempt.Text(settings_.texts["message_type"]);
    if (!attempt.firing()) return "RECOVERY";
    return type == "INFO" || type == "WARNING" ? type : "CRITICAL";
  }

  const VictorOpsSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeVictorOpsChannel(const YamlNode& section,
                                                        const AlertmanagerConfig& config,
                                                        const ChannelTools* tools) {
  VictorOpsSettings settings{
      ScalarText(section, "api_url", config.global, "victorops_api_url",
                 "https://alert.victorops.com/integrations/generic/20131114/alert/"),
      ReadSecret(section, "api_key", config.global, "victorops_api_key", config.file),
      SectionTexts(section, kTexts), TextMap(section, "custom_fields")};
  return MakeHttpChannel<VictorOpsChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
