// SPDX-License-Identifier: Apache-2.0
// Fields of a JSON body (or, with the same rules, of query parameters) in KubeOpt's API: every
// mistake is told at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/api/realtime_body.h"
#include "exporter/http/server.h"
#include "storage/base/json.h"

namespace outrider {

class JsonBody {
 public:
  // What cannot be read is among the errors.
  static JsonBody Read(HttpRequest& request);

  // `most`: characters. A missing or empty required text is an error and reads as "".
  std::string Required(std::string_view key, size_t most);
  std::optional<std::string> Optional(std::string_view key);
  int64_t Int(std::string_view key, int64_t fallback, int64_t least, int64_t most);
  const std::vector<FieldError>& errors() const { return errors_; }

 private:
  void Fail(std::string type, std::string_view key, std::string message);

  JsonValue root_;
  std::vector<FieldError> errors_;
};

}  // namespace outrider
