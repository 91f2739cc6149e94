// SPDX-License-Identifier: Apache-2.0
// Receivers and inhibition rules. Source: specs/alertmanager.md §1 "receivers", "inhibit_rules".
#include <fmt/format.h>

#include "notifiers/config/integration_table.h"
#include "notifiers/config/own_server.h"
#include "notifiers/config/sections.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

Status CheckOwnServer(const IntegrationKind& kind, const YamlNode& section, const YamlNode& global,
                      const SectionContext& context) {
  const Status alone = CheckIntegration(kind, section, WithoutCredentials(global), context.file);
  if (alone.ok() || !CheckIntegration(kind, section, global, context.file).ok()) return alone;
  return context.Error(
      section, fmt::format("{} names a server of its own, which credentials of `global` are not "
                           "sent to: give them here, or leave it out",
                           OwnServerKey(section)));
}

Status ParseIntegrations(const IntegrationKind& kind, const YamlNode& list, const YamlNode& global,
                         const SectionContext& context, ReceiverConfig* receiver) {
  const std::string key = fmt::format("{}_configs", kind.kind);
  int index = 0;
  for (const YamlNode* section : TRY(ListItems(&list, key, context))) {
    const bool own_server = context.from_api && !OwnServerKey(*section).empty();
    TRY(own_server ? CheckOwnServer(kind, *section, global, context)
                   : CheckIntegration(kind, *section, global, context.file));
    receiver->integrations.push_back({std::string(kind.kind), index++, *section, own_server});
  }
  return absl::OkStatus();
}

Status ParseReceiverLabels(const YamlNode& node, const SectionContext& context,
                           ReceiverConfig* receiver) {
  if (node.IsNull()) return absl::OkStatus();
  if (!node.IsMap()) return context.Error(node, "a map is wanted for labels");
  for (const auto& [key, value] : node.entries) {
    if (!value.IsScalar() && !value.IsNull()) {
      return context.Error(value, fmt::format("a text is wanted for label {}", Quote(key.scalar)));
    }
    if (key.scalar == "name" && value.scalar != receiver->name) {
      return context.Error(
          value, fmt::format("receiver label \"name\" must match receiver name {}, got {}",
                             Quote(receiver->name), Quote(value.scalar)));
    }
    receiver->labels[key.scalar] = value.scalar;
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::vector<const YamlNode*>> ListItems(const YamlNode* node, const std::string& what,
                                                 const SectionContext& context) {
  std::vector<const YamlNode*> items;
  if (node == nullptr || node->IsNull()) return items;
  if (!node->IsSequence()) return context.Error(*node, "a list is wanted for " + what);
  for (const YamlNode& item : node->items) items.push_back(&item);
  return items;
}

StatusOr<ReceiverConfig> ParseReceiver(const YamlNode& node, const YamlNode& global,
                                       const SectionContext& context) {
  ReceiverConfig receiver;
  if (!node.IsMap() && !node.IsNull()) return context.Error(node, "a map is wanted for a receiver");
  const YamlNode* name = node.Find("name");
  if (name != nullptr) receiver.name = name->scalar;
  if (receiver.name.empty()) return context.Error(node, "missing name in receiver");
  for (const auto& [key, value] : node.entries) {
    if (key.scalar == "name") continue;
    if (key.scalar == "labels") {
      TRY(ParseReceiverLabels(value, context, &receiver));
      continue;
    }
    const IntegrationKind* kind = nullptr;
    if (key.scalar.ends_with("_configs")) {
      kind = FindIntegrationKind(std::string_view(key.scalar).substr(0, key.scalar.size() - 8));
    }
    if (kind == nullptr) {
      return context.Error(key, fmt::format("field {} not found in type receiver", key.scalar));
    }
    TRY(ParseIntegrations(*kind, value, global, context, &receiver));
  }
  return receiver;
}

StatusOr<InhibitRuleConfig> ParseInhibitRule(const YamlNode& node, const SectionContext& context) {
  InhibitRuleConfig rule;
  YamlReader reader(node, context.file, "type inhibit_rule");
  reader.String("name", &rule.name);
  const MatcherNodes source{reader.Child("source_match"), reader.Child("source_match_re"),
                            reader.Child("source_matchers")};
  const MatcherNodes target{reader.Child("target_match"), reader.Child("target_match_re"),
                            reader.Child("target_matchers")};
  const YamlNode* equal = reader.Child("equal");
  TRY(reader.Finish());
  rule.source_matchers = TRY(ParseMatcherNodes(source, context));
  rule.target_matchers = TRY(ParseMatcherNodes(target, context));
  for (const YamlNode* label : TRY(ListItems(equal, "equal", context))) {
    if (!IsLabelNameIn(context.mode, label->scalar)) {
      return context.Error(
          *label, fmt::format("invalid label name {} in equal list", Quote(label->scalar)));
    }
    rule.equal.push_back(label->scalar);
  }
  return rule;
}

}  // namespace outrider
