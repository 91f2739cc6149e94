// SPDX-License-Identifier: Apache-2.0
// A secret of a section: written there, or in a file that is read anew for each message.
#pragma once

#include <string>
#include <string_view>

#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct Secret {
  std::string value;
  std::string file;

  bool empty() const { return value.empty() && file.empty(); }
  // The value, or the file's content without blanks at its ends. The error names the file, never
  // its content.
  StatusOr<std::string> Read() const;
};

// Reads `key` or `key_file` of a map (may be null or another kind: then it is empty); a relative
// file stands beside `config_file`.
Secret ReadSecret(const YamlNode& map, std::string_view key, const std::string& config_file);
// The section's own secret, else the global one under `global_key`.
Secret ReadSecret(const YamlNode& map, std::string_view key, const YamlNode& global,
                  std::string_view global_key, const std::string& config_file);

// Takes every occurrence of the secret out of a text for people.
std::string Redacted(std::string text, std::string_view secret);

}  // namespace outrider
