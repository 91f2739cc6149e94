// SPDX-License-Identifier: Apache-2.0
// JSON from outside, with a bound on what it may cost: as a stream of events that builds nothing,
// or as a tree of at most so many values (a byte of text can be a value of 150 bytes).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "storage/base/json.h"
#include "storage/base/status.h"

namespace outrider {

// What a reader of a stream does with it. Each call returns false to stop.
class JsonEvents {
 public:
  virtual ~JsonEvents() = default;
  virtual bool OnKey(std::string_view key) = 0;
  virtual bool OnString(std::string_view text) = 0;
  virtual bool OnScalar(
      JsonValue::Kind kind) = 0;                  // null, boolean or number; which one is not told
  virtual bool OnOpen(JsonValue::Kind kind) = 0;  // an object or an array
  virtual bool OnClose() = 0;
};

// Reads a document. `*text` is changed on the way: texts are unescaped where they stand, and the
// views that `events` gets live as long as it does. Nesting deeper than 64 is refused, the error
// names the offset; Cancelled when `events` stopped it.
Status ReadJson(std::string* text, JsonEvents& events);

// ParseJson of a text with at most `max_values` values, keys included; ResourceExhausted otherwise.
StatusOr<JsonValue> ParseJsonWithin(std::string_view text, size_t max_values);

}  // namespace outrider
