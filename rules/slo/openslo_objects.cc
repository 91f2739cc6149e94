// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/openslo_objects.h"

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::array<std::string_view, 7> kKinds = {
    "DataSource", "SLO", "SLI", "AlertPolicy", "AlertCondition", "AlertNotificationTarget",
    "Service"};
constexpr std::string_view kApi = "openslo/v1";

}  // namespace

StatusOr<OpenSloObject> ReadOpenSloObject(const YamlNode& node, const SloReading& reading,
                                          std::string_view kind) {
  const std::string what = kind.empty() ? "OpenSLO document" : std::string(kind);
  YamlReader reader(node, reading.file, what);
  std::string api(kApi);
  std::string own_kind(kind);
  reader.String("apiVersion", &api);
  reader.String("kind", &own_kind);
  const YamlNode* metadata = reader.Child("metadata");
  OpenSloObject object;
  object.spec = reader.Child("spec");
  if (api != kApi) {
    reader.Fail("apiVersion",
                fmt::format("apiVersion {} is not {}", Quote(api), std::string(kApi)));
  }
  if (!kind.empty() && own_kind != kind) {
    reader.Fail("kind", fmt::format("kind {} is not {}", Quote(own_kind), what));
  }
  if (metadata == nullptr || !metadata->IsMap()) reader.Fail("metadata", "metadata is needed");
  if (object.spec == nullptr || !object.spec->IsMap()) reader.Fail("spec", "a spec is needed");
  TRY(reader.Finish());
  YamlReader about(*metadata, reading.file, "metadata");
  if (!about.String("name", &object.name) || object.name.empty()) {
    about.Fail("name", "a name is needed");
  }
  about.String("displayName", &object.display_name);
  about.Child("labels");  // of the document, not of its series
  about.StringMap("annotations", &object.annotations);
  TRY(about.Finish());
  return object;
}

Status OpenSloObjects::Add(const YamlNode& document, const SloReading& reading) {
  const YamlNode* kind = document.Find("kind");
  if (kind == nullptr || std::ranges::find(kKinds, kind->scalar) == kKinds.end()) {
    return reading.Error(kind == nullptr ? document : *kind,
                         "kind is not one of DataSource, SLO, SLI, AlertPolicy, AlertCondition, "
                         "AlertNotificationTarget, Service");
  }
  OpenSloObject object = TRY(ReadOpenSloObject(document, reading, kind->scalar));
  const auto key = std::make_pair(kind->scalar, object.name);
  if (!objects_.emplace(key, object).second) {
    return reading.Error(document,
                         fmt::format("a second {} named {}", kind->scalar, Quote(object.name)));
  }
  if (kind->scalar == "SLO") {
    slos_.push_back(std::move(object));
    slo_nodes_.push_back(&document);
  }
  return absl::OkStatus();
}

StatusOr<OpenSloObject> OpenSloObjects::Find(std::string_view kind, const YamlNode& node,
                                             const SloReading& reading) const {
  const auto found = objects_.find({std::string(kind), node.scalar});
  if (found != objects_.end()) return found->second;
  return reading.Error(node, fmt::format("there is no {} named {} in this file", std::string(kind),
                                         Quote(node.scalar)));
}

std::optional<DurationMs> OpenSloDuration::Fixed() const {
  switch (unit) {
    case 'm':
      return count * kMinute;
    case 'h':
      return count * kHour;
    case 'd':
      return count * kDay;
    case 'w':
      return count * 7 * kDay;
    default:
      return std::nullopt;
  }
}

std::optional<OpenSloDuration> ParseOpenSloDuration(std::string_view text) {
  if (text.size() < 2 || text.size() > 8) return std::nullopt;
  const char unit = text.back();
  if (std::string_view("mhdwMQY").find(unit) == std::string_view::npos) return std::nullopt;
  const StatusOr<int64_t> count = ParseInt(text.substr(0, text.size() - 1));
  if (!count.ok() || *count < 1) return std::nullopt;
  return OpenSloDuration{.count = *count, .unit = unit};
}

std::optional<SloOp> FindOpenSloOp(std::string_view text) {
  if (text == "lt") return SloOp::kLess;
  if (text == "lte") return SloOp::kLessOrEqual;
  if (text == "gt") return SloOp::kGreater;
  if (text == "gte") return SloOp::kGreaterOrEqual;
  return std::nullopt;
}

}  // namespace outrider
