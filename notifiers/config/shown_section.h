// SPDX-License-Identifier: Apache-2.0
// The section of an integration with what it has by default and from `global`, for
// `/api/v2/status`.
#pragma once

#include <string_view>

#include "storage/base/strict_yaml.h"

namespace outrider {

// Both nodes have their secrets masked. Without send_resolved and http_config, which all have.
YamlNode ShownSection(std::string_view kind, const YamlNode& written, const YamlNode& global);

}  // namespace outrider
