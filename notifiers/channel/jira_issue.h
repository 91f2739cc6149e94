// SPDX-License-Identifier: Apache-2.0
// A jira_configs section, and the requests that a message makes of it.
// Source: specs/alertmanager.md §1, §2 "Other payloads".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "notifiers/channel/http_channel.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct JiraField {
  std::string text;    // a template
  bool update = true;  // also of an issue that is there already
};

struct JiraSettings {
  std::string api_url;
  std::string api_type = "auto";  // auto, cloud, datacenter
  std::string project;            // templates, from here on
  std::string issue_type;
  JiraField summary;
  JiraField description;
  std::vector<std::string> labels;
  std::string priority;
  YamlNode fields;
  std::string reopen_transition;  // plain names, from here on
  std::string resolve_transition;
  std::string wont_fix_resolution;
  DurationMs reopen_duration = 0;
};
JiraSettings ReadJiraSettings(const YamlNode& section, const AlertmanagerConfig& config);

// Finds the newest issue of the group that is open, or done but to be reopened.
std::string JiraSearchUrl(const JiraSettings& settings);
std::string JiraSearchBody(const JiraSettings& settings, HttpAttempt& attempt);

// The body that makes an issue, or changes it. Version 3 of the API wants the description as a
// document in JSON: InvalidArgument when the template gives something else.
StatusOr<std::string> JiraIssueBody(const JiraSettings& settings, HttpAttempt& attempt,
                                    bool exists);

}  // namespace outrider
