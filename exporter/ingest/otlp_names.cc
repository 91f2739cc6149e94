// SPDX-License-Identifier: Apache-2.0
// Names are cut into tokens of legal characters, units looked up in two tables (the unit itself,
// and what it is per), and the suffixes added that the name does not have yet.
#include "exporter/ingest/otlp_names.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

using Words = std::pair<std::string_view, std::string_view>;

constexpr Words kUnits[] = {
    {"d", "days"},
    {"h", "hours"},
    {"min", "minutes"},
    {"s", "seconds"},
    {"ms", "milliseconds"},
    {"us", "microseconds"},
    {"ns", "nanoseconds"},
    {"By", "bytes"},
    {"KiBy", "kibibytes"},
    {"MiBy", "mebibytes"},
    {"GiBy", "gibibytes"},
    {"TiBy", "tibibytes"},
    {"KBy", "kilobytes"},
    {"MBy", "megabytes"},
    {"GBy", "gigabytes"},
    {"TBy", "terabytes"},
    {"m", "meters"},
    {"V", "volts"},
    {"A", "amperes"},
    {"J", "joules"},
    {"W", "watts"},
    {"g", "grams"},
    {"Cel", "celsius"},
    {"Hz", "hertz"},
    {"1", ""},
    {"%", "percent"},
};
constexpr Words kPerUnits[] = {
    {"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"},
    {"w", "week"},   {"mo", "month"}, {"y", "year"},
};
constexpr std::pair<std::string_view, OtlpStrategy> kStrategies[] = {
    {"UnderscoreEscapingWithSuffixes", OtlpStrategy::kUnderscoreEscapingWithSuffixes},
    {"UnderscoreEscapingWithoutSuffixes", OtlpStrategy::kUnderscoreEscapingWithoutSuffixes},
    {"NoUTF8EscapingWithSuffixes", OtlpStrategy::kNoUtf8EscapingWithSuffixes},
    {"NoTranslation", OtlpStrategy::kNoTranslation},
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool IsNameChar(char c) { return IsAlphanumeric(c) || c == ':'; }

template <size_t N>
std::string_view InWords(const Words (&table)[N], std::string_view unit) {
  for (const auto& [symbol, word] : table) {
    if (symbol == unit) return word;
  }
  return unit;
}

// A unit's two suffixes, either of which may be empty. Annotations in braces are no units.
struct UnitSuffixes {
  std::string main;
  std::string per;  // begins with per_
};

UnitSuffixes SuffixesOf(std::string_view unit) {
  UnitSuffixes suffixes;
  const size_t slash = unit.find('/');
  const auto is_unit = [](std::string_view part) {
    return !part.empty() && part.find_first_of("{}") == std::string_view::npos;
  };
  const std::string_view main = Trim(unit.substr(0, slash));
  if (is_unit(main)) suffixes.main = InWords(kUnits, main);
  if (slash == std::string_view::npos) return suffixes;
  const std::string_view per = Trim(unit.substr(slash + 1));
  if (is_unit(per)) suffixes.per = fmt::format("per_{}", InWords(kPerUnits, per));
  return suffixes;
}

// Runs of what a name cannot hold, and of underscores, become one underscore; none at the start.
std::string CleanUnit(std::string_view unit) {
  std::string clean;
  for (const char c : unit) {
    if (IsNameChar(c)) {
      clean += c;
    } else if (!clean.empty() && clean.back() != '_') {
      clean += '_';
    }
  }
  return clean;
}

void TrimUnderscore(std::string* text) {
  if (!text->empty() && text->back() == '_') text->pop_back();
}

template <typename IsPart>
std::vector<std::string> Tokens(std::string_view text, IsPart is_part) {
  std::vector<std::string> tokens;
  bool inside = false;
  for (const char c : text) {
    if (is_part(c)) {
      if (!inside) tokens.emplace_back();
      tokens.back() += c;
    }
    inside = is_part(c);
  }
  return tokens;
}

void AddUnitTokens(std::string_view unit, std::vector<std::string>* tokens) {
  const auto present = [&](const std::string& token) {
    return std::find(tokens->begin(), tokens->end(), token) != tokens->end();
  };
  UnitSuffixes suffixes = SuffixesOf(unit);
  std::string main = CleanUnit(suffixes.main);
  std::string per = CleanUnit(suffixes.per);
  if (present(main)) main.clear();
  if (per == "per_") per.clear();
  TrimUnderscore(&per);
  if (present(per)) per.clear();
  if (!per.empty()) TrimUnderscore(&main);
  if (!main.empty()) tokens->push_back(main);
  if (!per.empty()) tokens->push_back(per);
}

void MoveToEnd(const std::string& token, std::vector<std::string>* tokens) {
  std::erase(*tokens, token);
  tokens->push_back(token);
}

std::string EscapedWithSuffixes(std::string_view name, std::string_view unit, OtlpNameKind kind) {
  std::vector<std::string> tokens = Tokens(name, IsNameChar);
  AddUnitTokens(unit, &tokens);
  if (kind == OtlpNameKind::kCounter) MoveToEnd("total", &tokens);
  if (kind == OtlpNameKind::kGauge && unit == "1") MoveToEnd("ratio", &tokens);
  return Join(tokens, "_");
}

std::string Escaped(std::string_view name) {
  return Join(Tokens(name, [](char c) { return IsNameChar(c) || c == '_'; }), "_");
}

// Takes a suffix and the character before it off a name that has more than these.
void CutSuffix(std::string_view suffix, std::string* name) {
  if (name->size() > suffix.size() + 1 && name->ends_with(suffix)) {
    name->resize(name->size() - suffix.size() - 1);
  }
}

std::string Utf8WithSuffixes(std::string_view name, std::string_view unit, OtlpNameKind kind) {
  std::string result(name);
  const bool ratio = kind == OtlpNameKind::kGauge && unit == "1";
  const bool total = kind == OtlpNameKind::kCounter;
  const UnitSuffixes suffixes = SuffixesOf(unit);
  if (ratio) CutSuffix("ratio", &result);
  if (total) CutSuffix("total", &result);
  if (!suffixes.per.empty()) CutSuffix(suffixes.per, &result);
  if (!suffixes.main.empty() && !result.ends_with(suffixes.main)) result += "_" + suffixes.main;
  if (!suffixes.per.empty()) result += "_" + suffixes.per;
  if (total) result += "_total";
  if (ratio) result += "_ratio";
  return result;
}

bool OnlyUnderscores(std::string_view text) {
  return text.find_first_not_of('_') == std::string_view::npos;
}

// Every character that a label cannot hold becomes an underscore.
std::string EscapedLabel(std::string_view name, bool collapse) {
  std::string label;
  bool after_underscore = false;
  while (!name.empty()) {
    const std::string_view rune = RunePrefix(name, 1);
    name.remove_prefix(rune.size());
    const bool keep = rune.size() == 1 && IsAlphanumeric(rune[0]);
    if (keep) {
      label += rune[0];
    } else if (!collapse || !after_underscore) {
      label += '_';
    }
    after_underscore = !keep;
  }
  return label;
}

}  // namespace

StatusOr<OtlpStrategy> ParseOtlpStrategy(std::string_view text) {
  for (const auto& [name, strategy] : kStrategies) {
    if (name == text) return strategy;
  }
  return InvalidArgument(
      fmt::format("unknown translation strategy {}: UnderscoreEscapingWithSuffixes, "
                  "UnderscoreEscapingWithoutSuffixes, NoUTF8EscapingWithSuffixes, NoTranslation",
                  Quote(text)));
}

StatusOr<std::string> OtlpMetricName(std::string_view name, std::string_view unit,
                                     OtlpNameKind kind, OtlpStrategy strategy) {
  if (name.empty()) return InvalidArgument("the metric has no name");
  if (!EscapesNames(strategy)) {
    return AddsSuffixes(strategy) ? Utf8WithSuffixes(name, unit, kind) : std::string(name);
  }
  std::string result =
      AddsSuffixes(strategy) ? EscapedWithSuffixes(name, unit, kind) : Escaped(name);
  if (!result.empty() && IsDigit(result[0])) result.insert(0, 1, '_');
  if (result.empty() || (result != name && OnlyUnderscores(result))) {
    return InvalidArgument(fmt::format("nothing is left of metric name {}", Quote(name)));
  }
  return result;
}

std::string OtlpUnitName(std::string_view unit) {
  const UnitSuffixes suffixes = SuffixesOf(unit);
  std::string name = CleanUnit(suffixes.main);
  const std::string per = CleanUnit(suffixes.per);
  if (!name.empty() && !per.empty()) name += '_';
  name += per;
  TrimUnderscore(&name);
  return name;
}

StatusOr<std::string> OtlpLabelName(std::string_view attribute, const OtlpLabelRules& rules) {
  if (attribute.empty()) return InvalidArgument("an attribute has no name");
  if (!rules.escape) return std::string(attribute);
  std::string label;
  const bool reserved =
      attribute.size() >= 4 && attribute.starts_with("__") && attribute.ends_with("__");
  if (rules.keep_multiple_underscores) {
    label = EscapedLabel(attribute, /*collapse=*/false);
  } else if (reserved) {
    const std::string_view inner = attribute.substr(2, attribute.size() - 4);
    label = fmt::format("__{}__", EscapedLabel(inner, /*collapse=*/true));
  } else {
    label = EscapedLabel(attribute, /*collapse=*/true);
  }
  if (OnlyUnderscores(label)) {
    return InvalidArgument(fmt::format("nothing is left of attribute name {}", Quote(attribute)));
  }
  if (IsDigit(label[0])) return "key_" + label;
  if (rules.key_before_underscore && label[0] == '_' && !label.starts_with("__")) {
    return "key" + label;
  }
  return label;
}

}  // namespace outrider
