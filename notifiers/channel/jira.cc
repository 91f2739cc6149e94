// SPDX-License-Identifier: Apache-2.0
// An attempt asks for the group's issue, makes or changes it, and moves it on where its state is
// not that of the alerts. All of that may be done again after a failure, because it begins with the
// question.
#include "notifiers/channel/jira.h"

#include <fmt/format.h>

#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/jira_issue.h"
#include "storage/base/text.h"

namespace outrider {

const std::string_view kJiraTemplates = R"TEMPLATE(
{{- define "jira.default.summary" }}{{ template "__subject" . }}{{ end }}
{{- define "jira.default.description" }}{{ template "__alerts_markdown" . }}{{ end }}

{{- define "__jira_priority" -}}
  {{- $worst := "" -}}
  {{- range . -}}
    {{- $severity := .Labels.severity -}}
    {{- if eq $severity "critical" -}}
      {{- $worst = "High" -}}
    {{- else if and (eq $severity "warning") (ne $worst "High") -}}
      {{- $worst = "Medium" -}}
    {{- else if and (eq $severity "info") (eq $worst "") -}}
      {{- $worst = "Low" -}}
    {{- end -}}
  {{- end -}}
  {{- $worst -}}
{{- end }}
{{- define "jira.default.priority" -}}
  {{- $known := false -}}
  {{- range .Alerts.Firing -}}
    {{- if match "^(critical|warning|info)$" .Labels.severity }}{{ $known = true }}{{ end -}}
  {{- end -}}
  {{- if $known -}}
    {{ template "__jira_priority" .Alerts.Firing }}
  {{- else -}}
    {{ template "__jira_priority" .Alerts.Resolved }}
  {{- end -}}
{{- end }}
)TEMPLATE";

namespace {

constexpr std::string_view kDone = "done";  // key of the status category

// What a search says of an issue.
struct JiraIssue {
  std::string key;
  std::string status_category;  // "" when not told
};

std::string StatusCategory(const JsonValue& issue) {
  const JsonValue* at = &issue;
  for (const char* name : {"fields", "status", "statusCategory"}) {
    at = at->Find(name);
    if (at == nullptr) return "";
  }
  return at->GetString("key");
}

class JiraChannel final : public HttpChannel {
 public:
  JiraChannel(HttpChannelParts parts, JiraSettings settings)
      : HttpChannel(std::move(parts)), settings_(std::move(settings)) {}
  // A second attempt finds the issue of the first, but only once Jira has indexed it.
  bool Idempotent() const override { return false; }

 private:
  StatusOr<SendResult> Try(HttpAttempt& attempt) override {
    JiraIssue issue;
    SendResult result = TRY(Find(attempt, &issue));
    if (result.outcome != SendResult::Outcome::kDelivered) return result;
    const bool exists = !issue.key.empty();
    if (!exists && !attempt.firing()) return result;  // nothing to tell the end of
    std::string body = TRY(JiraIssueBody(settings_, attempt, exists));
    const std::string path = exists ? "issue/" + EscapedPath(issue.key) : "issue";
    result = TRY(Ask(attempt, exists ? "PUT" : "POST", JoinUrl(settings_.api_url, path),
                     std::move(body), ""));
    if (result.outcome != SendResult::Outcome::kDelivered) return result;
    return Transition(attempt, issue, std::move(result));
  }

  static StatusOr<SendResult> Ask(HttpAttempt& attempt, const char* method, std::string url,
                                  std::string body, std::string_view suffix) {
    HttpClientRequest request =
        TRY(attempt.Request(method, std::move(url), "application/json", std::move(body)));
    request.headers.emplace_back("Accept-Language", "en");
    return attempt.Call(std::move(request), suffix);
  }

  static SendResult BrokeOff(const HttpAttempt& attempt) {
    return attempt.Judged(SendResult::Retry("Jira's answer broke off", "other"));
  }

  StatusOr<SendResult> Find(HttpAttempt& attempt, JiraIssue* issue) const {
    SendResult result = TRY(Ask(attempt, "POST", JiraSearchUrl(settings_),
                                JiraSearchBody(settings_, attempt), "-search"));
    if (result.outcome != SendResult::Outcome::kDelivered) return result;
    if (attempt.answer().body_cut) return BrokeOff(attempt);
    const JsonValue answer = attempt.AnswerJson();
    if (answer.kind != JsonValue::Kind::kObject) {
      return attempt.Judged(SendResult::Rejected("Jira's answer is not JSON", "other"));
    }
    const JsonValue* issues = answer.Find("issues");
    if (issues == nullptr || issues->items.empty()) return result;
    *issue = {issues->items.front().GetString("key"), StatusCategory(issues->items.front())};
    return result;
  }

  // `done` is the result so far, for when nothing needs to be moved.
  StatusOr<SendResult> Transition(HttpAttempt& attempt, const JiraIssue& issue,
                                  SendResult done) const {
    const bool is_done = issue.status_category == kDone;
    const std::string& wanted =
        attempt.firing() ? settings_.reopen_transition : settings_.resolve_transition;
    if (issue.status_category.empty() || is_done != attempt.firing() || wanted.empty()) {
      return done;
    }
    const std::string url =
        JoinUrl(settings_.api_url, fmt::format("issue/{}/transitions", EscapedPath(issue.key)));
    SendResult result = TRY(Ask(attempt, "GET", url, "", "-transitions"));
    if (result.outcome != SendResult::Outcome::kDelivered) return result;
    if (attempt.answer().body_cut) return BrokeOff(attempt);
    const JsonValue answer = attempt.AnswerJson();
    const JsonValue* transitions = answer.Find("transitions");
    for (size_t i = 0; transitions != nullptr && i < transitions->items.size(); ++i) {
      const JsonValue& transition = transitions->items[i];
      if (transition.GetString("name") != wanted) continue;
      std::string body;
      JsonWriter json(&body, JsonWriter::Escape::kGoHtml);
      json.StartObject().Key("transition").StartObject();
      json.Key("id").String(transition.GetString("id"));
      json.EndObject().EndObject();
      return Ask(attempt, "POST", url, body + "\n", "-transition");
    }
    return attempt.Judged(SendResult::Rejected(
        fmt::format("issue {} has no transition {}", issue.key, Quote(wanted)), "other"));
  }

  const JiraSettings settings_;
};

}  // namespace

StatusOr<std::unique_ptr<Channel>> MakeJiraChannel(const YamlNode& section,
                                                   const AlertmanagerConfig& config,
                                                   const ChannelTools* tools) {
  return MakeHttpChannel<JiraChannel>(section, config, tools, ReadJiraSettings(section, config));
}

}  // namespace outrider
