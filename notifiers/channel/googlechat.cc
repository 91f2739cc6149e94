// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/googlechat.h"

#include "notifiers/channel/fit_body.h"
#include "notifiers/channel/http_channel.h"

namespace outrider {

const std::string_view kGoogleChatTemplates = R"TEMPLATE(
{{- define "googlechat.default.message" -}}
  *{{ template "__subject" . }}*{{ "\n" }}
  {{- template "__common_annotations" . }}{{ template "__alerts_spaced" . }}
{{- end }}
)TEMPLATE";

namespace {

constexpr size_t kMaxBody = 32'000;  // bytes

constexpr TextDefault kTexts[] = {
    {"message", R"({{ template "googlechat.default.message" . }})"},
};

struct GoogleChatSettings {
  Secret webhook_url;
  SectionTexts texts;
  bool threads = false;
};

class GoogleChatChannel final : public HttpChannel {
 public:
  GoogleChatChannel(HttpChannelParts parts, GoogleChatSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  // By the request id.
  bool Idempotent() const override { return true; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    std::string url = TRY(attempt.Reveal(settings_.webhook_url));
    if (url.empty()) return InvalidArgument("the URL is empty");
    url = WithQuery(std::move(url), "requestId", attempt.notification().idempotency_key);
    if (settings_.threads) {
      url = WithQuery(std::move(url), "messageReplyOption", "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD");
    }
    const auto build = [&](const std::string& text) {
      std::string body;
      JsonWriter json(&body);
      json.StartObject().Key("text").String(text);
      if (settings_.threads) {
        json.Key("thread").StartObject().Key("threadKey").String(attempt.GroupHash()).EndObject();
      }
      json.EndObject();
      return body;
    };
    std::string text = WithNoteAndLinks(attempt.notification(), LinkStyle::kAngle,
                                        attempt.Text(settings_.texts["message"]));
    return attempt.PostJson(std::move(url), FitBody(std::move(text), kMaxBody, build));
  }

  const GoogleChatSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeGoogleChatChannel(const YamlNode& section,
                                                         const AlertmanagerConfig& config,
                                                         const ChannelTools* tools) {
  GoogleChatSettings settings{ReadSecret(section, "webhook_url", config.file),
                              SectionTexts(section, kTexts), FlagOf(section, "threads")};
  return MakeHttpChannel<GoogleChatChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
