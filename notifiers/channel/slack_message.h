// SPDX-License-Identifier: Apache-2.0
// A slack_configs section as a message: which texts it has, their defaults, and the JSON they
// become.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/channel/channel.h"
#include "rules/template/template.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct SlackField {
  std::string title;
  std::string value;
  bool short_field = false;
};
// Key and template of each text, in the order they are sent.
using SlackTexts = std::vector<std::pair<std::string, std::string>>;
struct SlackAction {
  SlackTexts texts;
  SlackTexts confirm;  // empty: none
};

struct SlackMessage {
  std::map<std::string, std::string, std::less<>> texts;  // every text of the section, by key
  bool link_names = false;
  std::vector<SlackField> fields;
  std::vector<SlackAction> actions;
  std::vector<std::string> mrkdwn_in;
};

// Where a message stands, so that it can be updated.
struct SlackPlace {
  std::string channel;  // its id
  std::string ts;
  bool known() const { return !channel.empty() && !ts.empty(); }
};

// Reads every key of the section that says what is shown; the defaults are Alertmanager's
// templates.
SlackMessage ReadSlackMessage(YamlReader* reader, const std::string& file);

struct SlackBody {
  std::string json;
  // The first template that failed. Its text is left out and the message is sent all the same, as
  // Alertmanager does.
  Status templates;
};
// One attachment, with the note (if any) before its pretext; `place` is known for an update.
SlackBody SlackJson(const SlackMessage& message, const Notification& notification,
                    const SlackPlace& place, const tmpl::TemplateSet& templates);

}  // namespace outrider
