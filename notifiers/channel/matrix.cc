// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/matrix.h"

#include <fmt/format.h>

#include "notifiers/channel/fit_body.h"
#include "notifiers/channel/http_channel.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kMatrixTemplates = R"TEMPLATE(
{{- define "matrix.default.message" -}}
  {{ template "__subject" . }}{{ "\n" }}
  {{- template "__common_annotations" . }}{{ template "__alerts_spaced" . }}
{{- end }}
)TEMPLATE";

namespace {

// An event has at most 65,536 bytes, of which the homeserver adds some.
constexpr size_t kMaxBody = 60'000;

constexpr TextDefault kTexts[] = {
    {"room_id", ""},
    {"message", R"({{ template "matrix.default.message" . }})"},
    {"html", ""},
    {"msgtype", "m.text"},
};

struct MatrixSettings {
  std::string homeserver_url;
  Secret access_token;
  SectionTexts texts;
};

class MatrixChannel final : public HttpChannel {
 public:
  MatrixChannel(HttpChannelParts parts, MatrixSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  // By the transaction id.
  bool Idempotent() const override { return true; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    const std::string token = TRY(attempt.Reveal(settings_.access_token));
    const std::string room(Trim(attempt.Text(settings_.texts["room_id"])));
    TRY(attempt.renderer().status());
    if (!room.starts_with('!')) {
      return InvalidArgument(
          fmt::format("room_id {} is no room id, which begins with !", Quote(room)));
    }
    const std::string url = JoinUrl(
        settings_.homeserver_url,
        fmt::format("_matrix/client/v3/rooms/{}/send/m.room.message/{}", UrlEncodePath(room),
                    UrlEncodePath(attempt.notification().idempotency_key)));
    HttpClientRequest request = TRY(attempt.Request("PUT", url, "application/json", Body(attempt)));
    request.bearer_token = token;
    SendResult result = TRY(attempt.Call(std::move(request)));
    if (result.outcome == SendResult::Outcome::kRetry && result.retry_after_ms == 0) {
      result.retry_after_ms = CappedWait(attempt.AnswerJson().GetNumber("retry_after_ms"));
    }
    return result;
  }

  std::string Body(HttpAttempt& attempt) const {
    std::string message = WithNoteAndLinks(attempt.notification(), LinkStyle::kPlain,
                                           attempt.Text(settings_.texts["message"]));
    std::string html = settings_.texts["html"].empty() ? "" : attempt.Html(settings_.texts["html"]);
    // Markup cannot be cut; the plain text says the same.
    if (html.size() > kMaxBody / 2) html.clear();
    const std::string links = AnswerLinks(attempt.notification(), LinkStyle::kHtml);
    if (!html.empty() && !links.empty()) html = links + "<br>" + html;
    if (!html.empty() && !attempt.notification().note.empty()) {
      html = EscapeHtml(attempt.notification().note) + "<br>" + html;
    }
    return FitBody(std::move(message), kMaxBody, [&](const std::string& text) {
      std::string body;
      JsonWriter json(&body);
      json.StartObject();
      json.Key("msgtype").String(settings_.texts["msgtype"]);
      json.Key("body").String(text);
      if (!html.empty()) {
        json.Key("format").String("org.matrix.custom.html");
        json.Key("formatted_body").String(html);
      }
      json.EndObject();
      return body;
    });
  }

  const MatrixSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeMatrixChannel(const YamlNode& section,
                                                     const AlertmanagerConfig& config,
                                                     const ChannelTools* tools) {
  MatrixSettings settings{ScalarText(section, "homeserver_url"),
                          ReadSecret(section, "access_token", config.file),
                          SectionTexts(section, kTexts)};
  return MakeHttpChannel<MatrixChannel>(section, config, tools, std::move(settings));
}

}  // namespace outrider
