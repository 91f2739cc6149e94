// SPDX-License-Identifier: Apache-2.0
// The graph: an edge from a dependency to every one of which its outage may be a dependant. A
// depth-first walk looks for a way back.
#include "notifiers/around/dependency.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "notifiers/config/sections.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr DurationMs kLongest = kDay;
constexpr size_t kMost = 1000;

StatusOr<std::vector<Matcher>> ParseSide(const YamlNode& owner, const YamlNode* node,
                                         const char* what, const SectionContext& context) {
  std::vector<Matcher> matchers;
  if (node != nullptr) matchers = TRY(ParseMatcherNodes({.matchers = node}, context));
  if (matchers.empty()) {
    return context.Error(owner, fmt::format("a dependency needs matchers in {}", what));
  }
  return matchers;
}

StatusOr<Dependency> ParseDependency(const YamlNode& node, const SectionContext& context) {
  Dependency dependency;
  YamlReader reader(node, context.file, "type dependency");
  reader.String("name", &dependency.name);
  reader.StringList("equal", &dependency.equal);
  reader.Duration("wait", &dependency.wait);
  reader.Duration("grace", &dependency.grace);
  const YamlNode* match = reader.Child("match");
  const YamlNode* on = reader.Child("on");
  TRY(reader.Finish());
  if (dependency.name.empty()) return context.Error(node, "missing name in dependency");
  if (std::max(dependency.wait, dependency.grace) > kLongest) {
    return context.Error(node, "wait and grace must not be longer than 1d");
  }
  dependency.match = TRY(ParseSide(node, match, "match", context));
  dependency.on = TRY(ParseSide(node, on, "on", context));
  return dependency;
}

// Values of one label that are worth a try.
std::vector<std::string> Candidates(const std::vector<const Matcher*>& matchers) {
  std::vector<std::string> values = {"", "x"};
  for (const Matcher* matcher : matchers) {
    if (matcher->regex() == nullptr) {
      values.push_back(matcher->value());
      continue;
    }
    for (std::string_view word : Split(matcher->value(), '|')) {
      std::string value;
      for (size_t i = 0; i < word.size(); ++i) {
        const bool any =
            word[i] == '.' && i + 1 < word.size() && (word[i + 1] == '*' || word[i + 1] == '+');
        if (!any) {
          if (word[i] != '(' && word[i] != ')') value += word[i];
          continue;
        }
        value += 'x';
        ++i;
      }
      values.push_back(std::move(value));
    }
  }
  return values;
}

struct Graph {
  const std::vector<Dependency>& dependencies;
  std::vector<int> seen;  // 0: not yet, 1: on the way, 2: without a cycle
  std::vector<size_t> path;

  // The path of a cycle, from its first to its first again; empty: none through `from`.
  std::vector<size_t> FindCycle(size_t from) {
    seen[from] = 1;
    path.push_back(from);
    for (size_t to = 0; to < dependencies.size(); ++to) {
      if (seen[to] == 2 || !Overlap(dependencies[from].on, dependencies[to].match)) continue;
      if (seen[to] == 1) {
        std::vector<size_t> cycle(std::find(path.begin(), path.end(), to), path.end());
        cycle.push_back(to);
        return cycle;
      }
      std::vector<size_t> cycle = FindCycle(to);
      if (!cycle.empty()) return cycle;
    }
    path.pop_back();
    seen[from] = 2;
    return {};
  }
};

Status CheckCycles(const std::vector<const YamlNode*>& nodes,
                   const std::vector<Dependency>& dependencies, const SectionContext& context) {
  Graph graph{dependencies, std::vector<int>(dependencies.size(), 0), {}};
  for (size_t i = 0; i < dependencies.size(); ++i) {
    if (graph.seen[i] != 0) continue;
    const std::vector<size_t> cycle = graph.FindCycle(i);
    if (cycle.empty()) continue;
    const YamlNode& node = *nodes[cycle.front()];
    if (cycle.size() == 2) {
      return context.Error(node, fmt::format("dependency {}: its outage is a dependant of itself; "
                                             "leave it out of match",
                                             Quote(dependencies[i].name)));
    }
    std::vector<std::string> names;
    for (const size_t at : cycle) names.push_back(dependencies[at].name);
    return context.Error(node, fmt::format("dependencies go round: {}", Join(names, " -> ")));
  }
  return absl::OkStatus();
}

}  // namespace

bool Overlap(const std::vector<Matcher>& a, const std::vector<Matcher>& b) {
  std::map<std::string, std::vector<const Matcher*>> by_label;
  for (const auto* side : {&a, &b}) {
    for (const Matcher& matcher : *side) by_label[matcher.name()].push_back(&matcher);
  }
  return std::all_of(by_label.begin(), by_label.end(), [](const auto& entry) {
    const std::vector<const Matcher*>& matchers = entry.second;
    const std::vector<std::string> candidates = Candidates(matchers);
    return std::any_of(candidates.begin(), candidates.end(), [&](const std::string& value) {
      return std::all_of(matchers.begin(), matchers.end(),
                         [&](const Matcher* matcher) { return matcher->Matches(value); });
    });
  });
}

StatusOr<std::vector<Dependency>> ParseDependencies(const YamlNode& list, const std::string& file) {
  std::vector<std::string> warnings;
  const SectionContext context{file, &warnings};
  std::vector<Dependency> dependencies;
  std::set<std::string> names;
  const std::vector<const YamlNode*> items = TRY(ListItems(&list, "dependencies", context));
  if (items.size() > kMost) {
    return context.Error(list, fmt::format("more than {} dependencies", kMost));
  }
  for (const YamlNode* item : items) {
    dependencies.push_back(TRY(ParseDependency(*item, context)));
    if (!names.insert(dependencies.back().name).second) {
      return context.Error(
          *item, fmt::format("dependency {} is not unique", Quote(dependencies.back().name)));
    }
  }
  TRY(CheckCycles(items, dependencies, context));
  return dependencies;
}

std::vector<InhibitRuleConfig> AsInhibition(const std::vector<Dependency>& dependencies) {
  std::vector<InhibitRuleConfig> rules;
  for (const Dependency& dependency : dependencies) {
    InhibitRuleConfig& rule = rules.emplace_back();
    rule.source_matchers = dependency.on;
    rule.target_matchers = dependency.match;
    rule.equal = dependency.equal;
  }
  return rules;
}

const Dependency* FindDependency(const std::vector<Dependency>& dependencies,
                                 const Labels& dependant, const Labels& outage) {
  for (const Dependency& dependency : dependencies) {
    const auto alike = [&](const std::string& label) {
      return dependant.Get(label) == outage.Get(label);
    };
    if (MatchesAll(dependency.match, dependant) && MatchesAll(dependency.on, outage) &&
        std::all_of(dependency.equal.begin(), dependency.equal.end(), alike)) {
      return &dependency;
    }
  }
  return nullptr;
}

const Dependency* FindDependant(const std::vector<Dependency>& dependencies, const Labels& alert) {
  for (const Dependency& dependency : dependencies) {
    if (MatchesAll(dependency.match, alert)) return &dependency;
  }
  return nullptr;
}

}  // namespace outrider
