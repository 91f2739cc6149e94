// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/jira_issue.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/channel/template_tree.h"
#include "notifiers/channel/truncate.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxSummary = 255;  // runes, both
constexpr size_t kMaxDescription = 32767;

JiraField ReadField(const YamlNode& section, std::string_view key, std::string_view fallback) {
  JiraField field{std::string(fallback), true};
  const YamlNode* node = section.Find(key);
  if (node == nullptr || node->IsNull()) return field;
  if (node->IsScalar()) return {node->scalar, true};
  field.text = ScalarText(*node, "template", fallback);
  field.update = FlagOf(*node, "enable_update", true);
  return field;
}

std::string GroupLabel(const HttpAttempt& attempt) {
  return fmt::format("ALERT{{{}}}", attempt.GroupHash());
}

bool IsVersion3(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url.ends_with("/3");
}

std::string LabelsJson(const JiraSettings& settings, HttpAttempt& attempt) {
  std::vector<std::string> labels;
  labels.reserve(settings.labels.size() + 1);
  for (const std::string& label : settings.labels) labels.push_back(attempt.Text(label));
  labels.push_back(GroupLabel(attempt));
  std::sort(labels.begin(), labels.end());
  for (std::string& label : labels) label = JsonText(label);
  return "[" + Join(labels, ",") + "]";
}

std::string NameJson(const char* key, const std::string& text) {
  return JsonObject({{key, JsonText(text)}});
}

// "" when there is nothing to say.
StatusOr<std::string> DescriptionJson(const JiraSettings& settings, HttpAttempt& attempt) {
  std::string text = TruncateRunes(attempt.Text(settings.description.text), kMaxDescription);
  if (IsVersion3(settings.api_url)) {
    std::string document(Trim(text));
    if (document.empty()) return document;
    TRY(attempt.renderer().status());
    if (!ParseJson(document).ok()) {
      return InvalidArgument("description template: version 3 of the API wants a document in JSON");
    }
    return document;
  }
  text = TruncateRunes(WithNote(attempt.notification(), std::move(text)), kMaxDescription);
  return text.empty() ? text : JsonText(text);
}

}  // namespace

JiraSettings ReadJiraSettings(const YamlNode& section, const AlertmanagerConfig& config) {
  JiraSettings settings;
  settings.api_url = ScalarText(section, "api_url", config.global, "jira_api_url", "");
  settings.api_type = ScalarText(section, "api_type", "auto");
  settings.project = ScalarText(section, "project");
  settings.issue_type = ScalarText(section, "issue_type");
  settings.summary = ReadField(section, "summary", R"({{ template "jira.default.summary" . }})");
  settings.description =
      ReadField(section, "description", R"({{ template "jira.default.description" . }})");
  for (const YamlNode& label : ItemsOf(section, "labels")) settings.labels.push_back(label.scalar);
  settings.priority =
      ScalarText(section, "priority", R"({{ template "jira.default.priority" . }})");
  if (const YamlNode* fields = section.Find("fields")) settings.fields = *fields;
  settings.reopen_transition = ScalarText(section, "reopen_transition");
  settings.resolve_transition = ScalarText(section, "resolve_transition");
  settings.wont_fix_resolution = ScalarText(section, "wont_fix_resolution");
  settings.reopen_duration = ParseDuration(ScalarText(section, "reopen_duration", "0")).value_or(0);
  return settings;
}

std::string JiraSearchUrl(const JiraSettings& settings) {
  const size_t scheme = settings.api_url.find("://");
  const size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const std::string_view name =
      std::string_view(settings.api_url)
          .substr(host, settings.api_url.find_first_of("/?#", host) - host);
  const bool cloud = settings.api_type == "cloud" ||
                     (settings.api_type == "auto" && name.ends_with("atlassian.net"));
  if (!cloud) return JoinUrl(settings.api_url, "search");
  // The cloud has this search in version 3 only.
  std::string url = JoinUrl(settings.api_url, "search/jql");
  const std::string_view old_version = "/rest/api/2/";
  const size_t at = url.find(old_version);
  if (at != std::string::npos) url.replace(at, old_version.size(), "/rest/api/3/");
  return url;
}

std::string JiraSearchBody(const JiraSettings& settings, HttpAttempt& attempt) {
  std::string jql;
  if (!settings.wont_fix_resolution.empty()) {
    jql += fmt::format("(resolution is EMPTY or resolution != {}) and ",
                       Quote(settings.wont_fix_resolution));
  }
  const int64_t minutes = settings.reopen_duration / kMinute;
  if (attempt.firing() && !settings.reopen_transition.empty() && minutes > 0) {
    jql += fmt::format("(resolutiondate is EMPTY OR resolutiondate >= -{}m) and ", minutes);
  } else {
    jql += "statusCategory != Done and ";
  }
  jql += fmt::format("project={} and labels={} order by status ASC,resolutiondate DESC",
                     Quote(attempt.Text(settings.project)), Quote(GroupLabel(attempt)));
  return JsonObject({{"fields", "[\"status\"]"}, {"jql", JsonText(jql)}, {"maxResults", "2"}}) +
         "\n";
}

StatusOr<std::string> JiraIssueBody(const JiraSettings& settings, HttpAttempt& attempt,
                                    bool exists) {
  std::map<std::string, std::string> fields;
  fields["project"] = NameJson("key", attempt.Text(settings.project));
  fields["issuetype"] = NameJson("name", attempt.Text(settings.issue_type));
  fields["labels"] = LabelsJson(settings, attempt);
  if (!exists || settings.summary.update) {
    fields["summary"] = JsonText(TruncateRunes(attempt.Text(settings.summary.text), kMaxSummary));
  }
  if (!exists || settings.description.update) {
    std::string description = TRY(DescriptionJson(settings, attempt));
    if (!description.empty()) fields["description"] = std::move(description);
  }
  const std::string priority = attempt.Text(settings.priority);
  if (!priority.empty()) fields["priority"] = NameJson("name", priority);
  for (const auto& [key, value] : settings.fields.entries) {
    fields[key.scalar] = TreeJson(value, attempt.renderer());
  }
  return JsonObject({{"fields", JsonObject(fields)}}) + "\n";
}

}  // namespace outrider
