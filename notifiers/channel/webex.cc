// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/webex.h"

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/truncate.h"

namespace outrider {

const std::string_view kWebexTemplates = R"TEMPLATE(
{{- define "webex.default.message" -}}
  {{ template "__common_annotations" . }}{{ template "__alerts_spaced" . }}
{{- end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxMessage = 7439;  // bytes

constexpr TextDefault kTexts[] = {
    {"message", R"({{ template "webex.default.message" . }})"},
    {"room_id", ""},
};

struct WebexSettings {
  std::string api_url;
  SectionTexts texts;
};

class WebexChannel final : public HttpChannel {
 public:
  WebexChannel(HttpChannelParts parts, WebexSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string body;
    JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
    json.StartObject();
    json.Key("markdown")
        .String(TruncateBytes(WithNoteAndLinks(attempt.notification(), LinkStyle::kMarkdown,
                                               attempt.Text(settings_.texts["message"])),
                              kMaxMessage));
    AddText(&json, "roomId", attempt.Text(settings_.texts["room_id"]));
    json.EndObject();
    return attempt.PostJson(settings_.api_url, body + "\n");
  }

  const WebexSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeWebexChannel(const YamlNode& section,
                                                    const AlertmanagerConfig& config,
                                                    const ChannelTools* tools) {
  WebexSettings settings{ScalarText(section, "api_url", config.global, "webex_api_url",
                                    "https://webexapis.com/v1/messages"),
                         SectionTexts(section, kTexts)};
  return MakeHttpChannel<WebexChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
