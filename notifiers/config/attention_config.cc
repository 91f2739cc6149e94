// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/attention_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kLongest = 3650 * kDay;  // nanoseconds of it fit well into 64 bits
constexpr DurationMs kConfirmWithin = 15 * kMinute;

StatusOr<AttentionRule> ParseRule(const YamlNode& node, const SectionContext& context) {
  AttentionRule rule;
  YamlReader reader(node, context.file, "type attention");
  reader.Duration("acknowledge_timeout", &rule.acknowledge_timeout);
  const bool given = reader.Duration("confirm_within", &rule.confirm_within);
  reader.Duration("auto_resolve", &rule.auto_resolve);
  TRY(reader.Finish());
  if (std::max({rule.acknowledge_timeout, rule.confirm_within, rule.auto_resolve}) > kLongest) {
    return context.Error(node, "a time of attention must not be longer than 10y");
  }
  if (given && rule.acknowledge_timeout == 0) {
    return context.Error(node, "confirm_within needs an acknowledge_timeout");
  }
  if (given && rule.confirm_within == 0) {
    return context.Error(node, "confirm_within must be longer than zero");
  }
  if (rule.acknowledge_timeout != 0 && !given) rule.confirm_within = kConfirmWithin;
  return rule;
}

}  // namespace

Status ParseAttention(const YamlNode* node, const SectionContext& context,
                      IncidentsConfig* config) {
  if (node == nullptr || node->IsNull()) return absl::OkStatus();
  if (!node->IsMap()) return context.Error(*node, "a map of severities is wanted for attention");
  for (const auto& [key, value] : node->entries) {
    const std::optional<Severity> severity = ParseSeverity(key.scalar);
    if (!severity) {
      return context.Error(key, fmt::format("unknown severity {}: critical, high, medium, low and "
                                            "info are known",
                                            Quote(key.scalar)));
    }
    config->attention[static_cast<size_t>(*severity)] = TRY(ParseRule(value, context));
  }
  return absl::OkStatus();
}

void ReadLifecycle(YamlReader* reader, IncidentsConfig* config) {
  reader->String("team_label", &config->team_label);
  reader->String("service_label", &config->service_label);
  for (const char* key : {"team_label", "service_label"}) {
    const std::string& name = key[0] == 't' ? config->team_label : config->service_label;
    if (name.empty() || !IsValidUtf8(name)) {
      reader->Fail(key, fmt::format("invalid label name {}", Quote(name)));
    }
  }
  reader->Bool("allow_reopen", &config->allow_reopen);
  reader->Bool("allow_unacknowledge", &config->allow_unacknowledge);
  reader->Duration("reopen_if_still_firing_after", &config->reopen_if_still_firing_after);
  if (config->reopen_if_still_firing_after > kLongest) {
    reader->Fail("reopen_if_still_firing_after", "must not be longer than 10y");
  }
}

}  // namespace outrider
