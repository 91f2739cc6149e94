// SPDX-License-Identifier: Apache-2.0
// Prometheus' relabelling: a list of rules that change, keep or drop a label set. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/base/regex.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"
#include "storage/model/labels.h"

namespace outrider {

enum class RelabelAction : uint8_t {
  kReplace,
  kKeep,
  kDrop,
  kKeepEqual,
  kDropEqual,
  kHashMod,
  kLabelMap,
  kLabelDrop,
  kLabelKeep,
  kLowercase,
  kUppercase,
};

struct RelabelRule {
  RelabelAction action = RelabelAction::kReplace;
  std::vector<std::string> source_labels{};
  std::string separator = ";";
  Regex regex;
  uint64_t modulus = 0;
  std::string target_label{};
  std::string replacement = "$1";
};

// A list of relabel_config; a null node is an empty one. Errors name file:line:column.
StatusOr<std::vector<RelabelRule>> ReadRelabelRules(const YamlNode* node, const std::string& file);

// nullopt: dropped.
std::optional<Labels> Relabel(const std::vector<RelabelRule>& rules, const Labels& labels);

}  // namespace outrider
