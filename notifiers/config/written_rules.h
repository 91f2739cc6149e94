// SPDX-License-Identifier: Apache-2.0
// Routes and inhibition rules as the file has them, in the shape in which Alertmanager writes them:
// nothing inherited, `match` and `match_re` as they are, matchers one a line.
#pragma once

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// The nodes have passed ParseRoute and ParseInhibitRule.
YamlNode WrittenRoute(const YamlNode& node, MatcherMode mode);
YamlNode WrittenInhibitRule(const YamlNode& node, MatcherMode mode);
// Adds a matcher to the list under `key`, which is made if need be.
void AddWrittenMatcher(YamlNode* node, std::string_view key, const Matcher& matcher);

}  // namespace outrider
