// SPDX-License-Identifier: Apache-2.0
// Numbers as Go's yaml.v3 reads them: 1_000, 0x10, 0b11, 0o17, 010 (of base 8), 1e3. A quoted one
// is a text and no number.
#pragma once

#include <cstdint>

#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// .inf and .nan too.
StatusOr<double> ParseYamlNumber(const YamlNode& node);
// Of a number with a point only what stands before it.
StatusOr<int64_t> ParseYamlInt(const YamlNode& node);

}  // namespace outrider
