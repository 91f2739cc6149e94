// SPDX-License-Identifier: Apache-2.0
// With partial matching one expectation may be met by several facts, so that "each by another one"
// is a matching in a bipartite graph: found by augmenting paths.
#include "rules/trial/expectation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "storage/base/text.h"

namespace outrider {
namespace {

bool SameValue(double expected, double got, bool fuzzy) {
  if (expected == got) return true;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return fuzzy && (std::nextafter(expected, -kInfinity) == got ||
                   std::nextafter(expected, kInfinity) == got);
}

// An empty expected text is met by a missing one.
bool NamedAreEqual(const TextMap& expected, const TextMap& got) {
  return std::ranges::all_of(expected, [&](const auto& pair) {
    const auto at = got.find(pair.first);
    return (at == got.end() ? std::string() : at->second) == pair.second;
  });
}

bool SameTexts(const TextMap& expected, const TextMap& got, const CompareOptions& options) {
  return options.match.partial ? NamedAreEqual(expected, got) : expected == got;
}

bool Meets(const Fact& expected, const Fact& got, const CompareOptions& options) {
  return expected.state == got.state && expected.histogram == got.histogram &&
         SameValue(expected.value, got.value, options.fuzzy) &&
         SameTexts(expected.labels, got.labels, options) &&
         SameTexts(expected.annotations, got.annotations, options);
}

class Matching {
 public:
  Matching(const std::vector<Fact>& expected, const std::vector<Fact>& got,
           const CompareOptions& options)
      : expected_(expected), got_(got), options_(options), owner_(got.size(), kNone) {
    for (size_t i = 0; i < expected.size(); ++i) {
      std::vector<bool> seen(got.size());
      found_ += Assign(i, &seen) ? 1 : 0;
    }
  }
  size_t found() const { return found_; }
  // Which expectation each fact was assigned to, or kNone.
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();
  const std::vector<size_t>& owner() const { return owner_; }

 private:
  // The depth is at most the number of facts; lists beyond this length are matched greedily.
  static constexpr size_t kMaxAugmented = 2000;

  bool Assign(size_t i, std::vector<bool>* seen) {  // NOLINT(misc-no-recursion)
    for (size_t j = 0; j < got_.size(); ++j) {
      if ((*seen)[j] || (owner_[j] != kNone && got_.size() > kMaxAugmented)) continue;
      if (!Meets(expected_[i], got_[j], options_)) continue;
      (*seen)[j] = true;
      if (owner_[j] != kNone && !Assign(owner_[j], seen)) continue;
      owner_[j] = i;
      return true;
    }
    return false;
  }

  const std::vector<Fact>& expected_;
  const std::vector<Fact>& got_;
  const CompareOptions& options_;
  std::vector<size_t> owner_;
  size_t found_ = 0;
};

// promtool prints shortest digits with a capital E.
std::string ValueText(const Fact& fact) {
  if (!fact.histogram.empty()) return fact.histogram;
  std::string text = FormatFloatE(fact.value);
  if (std::isfinite(fact.value)) std::ranges::replace(text, 'e', 'E');
  return text;
}

std::string Indented(const std::string& text, size_t blanks) {
  std::string out;
  for (const std::string_view line : Split(text, '\n')) {
    if (!out.empty()) out += "\n" + std::string(blanks, ' ');
    out += line;
  }
  return out;
}

std::string AlertText(const Fact& fact) {
  const std::string state = fact.state.empty() ? "" : "\n  State:" + fact.state;
  return "  Labels:" + LabelsText(fact.labels) + "\n  Annotations:" + LabelsText(fact.annotations) +
         state;
}

void Sort(std::vector<Fact>* facts) {
  std::ranges::sort(*facts, {}, [](const Fact& fact) {
    return std::tie(fact.labels, fact.annotations, fact.state);
  });
}

// A fact in one line.
std::string FactText(FactKind kind, const Fact& fact) {
  if (kind == FactKind::kSample) return LabelsText(fact.labels) + " " + ValueText(fact);
  const std::string state = fact.state.empty() ? "" : fact.state + " ";
  return state + LabelsText(fact.labels) + " annotations " + LabelsText(fact.annotations);
}

size_t CountCommon(const TextMap& a, const TextMap& b) {
  return static_cast<size_t>(std::ranges::count_if(a, [&](const auto& pair) {
    const auto at = b.find(pair.first);
    return at != b.end() && at->second == pair.second;
  }));
}

class DiffWriter {
 public:
  DiffWriter(FactKind kind, const CompareOptions& options, bool color)
      : kind_(kind), options_(options), color_(color) {}

  void Missing(const Fact& fact) { Line('-', "", FactText(kind_, fact)); }
  void Unexpected(const Fact& fact) { Line('+', "", FactText(kind_, fact)); }

  void Differing(const Fact& expected, const Fact& got) {
    TextMap common;
    for (const auto& [name, value] : expected.labels) {
      const auto at = got.labels.find(name);
      if (at != got.labels.end() && at->second == value) common.emplace(name, value);
    }
    out_ += "    " + LabelsText(common) + "\n";
    Texts("label ", expected.labels, got.labels);
    Texts("annotation ", expected.annotations, got.annotations);
    Pair("state ", expected.state, got.state);
    if (kind_ == FactKind::kSample && (expected.histogram != got.histogram ||
                                       !SameValue(expected.value, got.value, options_.fuzzy))) {
      Line('-', "  value ", ValueText(expected));
      Line('+', "  value ", ValueText(got));
    }
  }

  std::string Take() {
    if (!out_.empty()) out_.pop_back();  // the last line feed
    return std::move(out_);
  }

 private:
  void Line(char sign, std::string_view what, std::string_view text) {
    const std::string_view escape = sign == '-' ? "\x1b[31m" : "\x1b[32m";
    out_ += fmt::format("  {}{} {}{}{}\n", color_ ? escape : "", sign, what, text,
                        color_ ? "\x1b[0m" : "");
  }
  void Pair(std::string_view what, const std::string& expected, const std::string& got) {
    if (expected == got) return;
    Line('-', fmt::format("  {}", what), expected);
    Line('+', fmt::format("  {}", what), got);
  }
  void Texts(std::string_view what, const TextMap& expected, const TextMap& got) {
    for (const auto& [name, value] : expected) {
      const auto at = got.find(name);
      if (at != got.end() && at->second == value) continue;
      if (at == got.end() && value.empty() && options_.match.partial) continue;
      Line('-', fmt::format("  {}{}=", what, name), Quote(value));
      if (at != got.end()) Line('+', fmt::format("  {}{}=", what, name), Quote(at->second));
    }
    if (options_.match.partial) return;
    for (const auto& [name, value] : got) {
      if (!expected.contains(name)) Line('+', fmt::format("  {}{}=", what, name), Quote(value));
    }
  }

  const FactKind kind_;
  const CompareOptions& options_;
  const bool color_;
  std::string out_;
};

}  // namespace

bool MeetsAll(const std::vector<Fact>& expected, const std::vector<Fact>& got,
              const CompareOptions& options) {
  if (got.size() < expected.size()) return false;
  if (got.size() > expected.size() && !options.match.allow_more) return false;
  return Matching(expected, got, options).found() == expected.size();
}

std::string LabelsText(const TextMap& labels) {
  std::vector<std::string> parts;
  parts.reserve(labels.size());
  for (const auto& [name, value] : labels) {
    parts.push_back((IsLegacyLabelName(name) ? name : Quote(name)) + "=" + Quote(value));
  }
  return "{" + Join(parts, ", ") + "}";
}

std::string FactsText(FactKind kind, std::vector<Fact> facts) {
  if (facts.empty()) return kind == FactKind::kAlert ? "[]" : "nil";
  Sort(&facts);
  std::string text;
  if (kind == FactKind::kSample) {
    for (const Fact& fact : facts) text += (text.empty() ? "" : ", ") + FactText(kind, fact);
    return text;
  }
  for (size_t i = 0; i < facts.size(); ++i) {
    text += fmt::format("{}\n{}:\n{}", i == 0 ? "" : ",", i, AlertText(facts[i]));
  }
  return Indented("[" + text + "\n]", 12);
}

std::string FactsDiff(FactKind kind, const std::vector<Fact>& expected,
                      const std::vector<Fact>& got, const CompareOptions& options, bool color) {
  const Matching matching(expected, got, options);
  std::vector<const Fact*> missing;
  std::vector<const Fact*> unexpected;
  std::vector<bool> met(expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    if (matching.owner()[i] != Matching::kNone) {
      met[matching.owner()[i]] = true;
    } else {
      unexpected.push_back(&got[i]);
    }
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!met[i]) missing.push_back(&expected[i]);
  }
  DiffWriter writer(kind, options, color);
  for (const Fact* fact : missing) {
    const auto likest = std::ranges::max_element(unexpected, {}, [&](const Fact* other) {
      return CountCommon(fact->labels, other->labels) +
             CountCommon(fact->annotations, other->annotations);
    });
    if (likest == unexpected.end()) {
      writer.Missing(*fact);
      continue;
    }
    writer.Differing(*fact, **likest);
    unexpected.erase(likest);
  }
  if (!options.match.allow_more) {
    for (const Fact* fact : unexpected) writer.Unexpected(*fact);
  }
  return writer.Take();
}

}  // namespace outrider
