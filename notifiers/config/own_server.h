// SPDX-License-Identifier: Apache-2.0
// Contact methods that came by the API and name a server of their own. Who may call need not be who
// may read the daemon's files, so nothing secret of `global` is for such a server: the section
// brings what it needs. Pure.
#pragma once

#include <string_view>

#include "storage/base/strict_yaml.h"

namespace outrider {

// The key by which a section says where its messages go, or through what (`api_url`, `smarthost`,
// `http_config` …); "" : to where `global` or the default says.
std::string_view OwnServerKey(const YamlNode& section);

// `global` without tokens, passwords, secret URLs, what signs in with them, and http_config.
YamlNode WithoutCredentials(const YamlNode& global);

}  // namespace outrider
