// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/silence_file.h"

#include <fmt/format.h>

#include "exporter/api/silence_json.h"
#include "storage/base/json.h"

namespace outrider {
namespace {

StatusOr<Silence> ReadOne(const JsonValue& json) {
  const JsonValue* matchers = json.Find("matchers");
  if (json.kind != JsonValue::Kind::kObject || matchers == nullptr || matchers->items.empty()) {
    return InvalidArgument("expected an object with matchers");
  }
  Silence silence = TRY(ReadSilence(json));
  if (silence.ends_at <= silence.starts_at) return InvalidArgument("it ends before it starts");
  return silence;
}

}  // namespace

StatusOr<std::vector<Silence>> ParseSilences(std::string_view text, const std::string& path) {
  const auto json = ParseJson(text);
  if (!json.ok()) return Annotate(json.status(), path);
  if (json->kind != JsonValue::Kind::kArray) {
    return InvalidArgument(fmt::format(
        "{}: expected the array that GET /api/v2/silences or amtool silence query -o json gives",
        path));
  }
  std::vector<Silence> silences;
  for (const JsonValue& item : json->items) {
    auto silence = ReadOne(item);
    if (!silence.ok()) {
      return Annotate(silence.status(), fmt::format("{}: silence {}", path, silences.size() + 1));
    }
    silences.push_back(*std::move(silence));
  }
  return silences;
}

}  // namespace outrider
