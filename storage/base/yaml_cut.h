// SPDX-License-Identifier: Apache-2.0
// Texts that end too early and that yaml-cpp reads all the same: a quote that nobody closes takes
// the rest of the file for its text, and a key in the last line needs no colon. Go's YAML, by which
// Prometheus and Alertmanager read, refuses both.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace outrider {

// The offset behind tags and anchors that stand before a node's value.
size_t SkipYamlProperties(std::string_view text, size_t at);

// What is wrong with the quoted scalar that begins at `at`; nullopt: nothing, or none begins there.
std::optional<std::string_view> FaultOfQuoted(std::string_view text, size_t at);

// What is wrong with a key of a block mapping that has no value; its text begins at `at`.
std::optional<std::string_view> FaultOfBareKey(std::string_view text, size_t at,
                                               std::string_view key);

}  // namespace outrider
