// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/workload_source_config.h"

#include <utility>

#include "fmt/format.h"
#include "rules/analytics/plain_selector.h"
#include "rules/capacity/recommendation.h"
#include "rules/promql/engine.h"
#include "storage/model/labels.h"

namespace outrider {
namespace {

// A selector; an empty text or an absent key selects nothing.
void ReadSelector(YamlReader& r, std::string_view key, std::vector<Matcher>* matchers) {
  std::string text;
  if (!r.String(key, &text) || text.empty()) return;
  const auto expression = promql::Expression::Parse(text);
  if (!expression.ok()) {
    r.Fail(key, fmt::format("{}: {}", key, Message(expression.status())));
  } else if (auto selectors = expression->Selectors(0);
             expression->type() != promql::ValueType::kVector ||
             !IsPlainSelector(expression->ToString()) || selectors.size() != 1) {
    r.Fail(key, fmt::format("{} must be a selector, such as name{{label=\"value\"}}", key));
  } else {
    *matchers = std::move(selectors.front().matchers);
  }
}

void ReadLabel(YamlReader& r, std::string_view key, bool needed, std::string* label) {
  r.String(key, label);
  const bool good = label->empty() ? !needed : IsLegacyLabelName(*label);
  if (!good) r.Fail(key, fmt::format("{} must be the name of a label", key));
}

WorkloadSource ReadSource(YamlReader& r) {
  WorkloadSource source;
  r.String("kind", &source.kind);
  if (source.kind.empty()) r.Fail("kind", "kind must be given: the workloads' kind");
  ReadLabel(r, "name", true, &source.name_label);
  ReadLabel(r, "namespace", false, &source.namespace_label);
  ReadLabel(r, "instance", true, &source.instance_label);
  ReadSelector(r, "cpu", &source.cpu);
  ReadSelector(r, "memory", &source.memory);
  ReadSelector(r, "memory_free", &source.memory_free);
  r.Bool("machine", &source.machine);
  if (!source.memory_free.empty() && source.memory.empty()) {
    r.Fail("memory_free", "memory_free needs memory, of which it is a part");
  }
  return source;
}

}  // namespace

void ReadWorkloadSources(YamlReader& cost, const std::string& file,
                         std::vector<WorkloadSource>* sources) {
  const YamlNode* node = cost.Child("workloads");
  if (node == nullptr || node->IsNull()) return;
  if (!node->IsSequence()) {
    cost.Fail("workloads", "workloads must be a list");
    return;
  }
  for (const YamlNode& item : node->items) {
    YamlReader r(item, file, "cost.workloads");
    sources->push_back(ReadSource(r));
    if (const Status status = r.Finish(); !status.ok()) cost.Fail(status);
  }
}

}  // namespace outrider
