// SPDX-License-Identifier: Apache-2.0
// Matching: every matcher becomes a condition on label pairs. A matcher that the empty string fails
// wants one of the pairs that match; any other wants none of the pairs that do not. The rarest
// wanted condition gives the candidates; the rest is asked of each candidate, by pair ids where
// that is cheaper than by its value.
#include "storage/window/series_index.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "storage/base/text.h"
#include "storage/window/series_labels.h"

namespace outrider {
namespace {

constexpr size_t kFewPairs = 8;  // beyond, a bit per pair is quicker than comparing

constexpr PairId kNoPair = TagTable::kNone;

uint32_t TagOf(std::string_view value, uint64_t seed) {
  return static_cast<uint32_t>(Hash64(value, seed));
}

bool IsRegex(const Matcher& matcher) {
  return matcher.type() == MatchType::kRegex || matcher.type() == MatchType::kNotRegex;
}

}  // namespace

std::optional<std::vector<std::string_view>> LiteralAlternatives(std::string_view pattern) {
  if (pattern.find_first_of("\\.+*?()[]{}^$") != std::string_view::npos) return std::nullopt;
  return Split(pattern, '|');
}

uint32_t SeriesIndex::InternName(std::string_view text) {
  if (const auto it = name_ids_.find(text); it != name_ids_.end()) return it->second;
  uint32_t id = 0;
  if (free_names_.empty()) {
    id = static_cast<uint32_t>(names_.size());
    names_.emplace_back();
  } else {
    id = free_names_.back();
    free_names_.pop_back();
  }
  names_[id].text = std::string(text);
  name_ids_.emplace(names_[id].text, id);
  if (text == "__type__" || text == "__unit__") table_.NoteTypeOrUnit();
  text_bytes_ += text.size();
  return id;
}

PairId SeriesIndex::FindPair(const Name& name, std::string_view value) const {
  return name.values.Find(TagOf(value, seed_),
                          [&](PairId id) { return table_.At(id).value() == value; });
}

PairId SeriesIndex::Intern(uint32_t name, std::string_view value) {
  const PairId known = FindPair(names_[name], value);
  if (known != kNoPair) return known;
  PairId id = 0;
  if (free_pairs_.empty()) {
    id = table_.Add();
    series_of_.Reach(id);
  } else {
    id = free_pairs_.back();
    free_pairs_.pop_back();
  }
  table_.Set(id, name, {names_[name].text, value});
  names_[name].values.Insert(TagOf(value, seed_), id);
  text_bytes_ += value.size();
  return id;
}

// `before` was added just now: what its labels are interned as need not be looked up again.
void SeriesIndex::InternAll(const IndexedSeries& one, const IndexedSeries& before) {
  const std::span<const LabelView> labels = one.labels;
  const PairList of_before = series_.Of(before.id);
  pairs_.clear();
  uint32_t others = 0;  // labels that the one before does not have at the same place
  uint32_t place = 0;   // of the last of them
  for (uint32_t i = 0; i < labels.size(); ++i) {
    const bool same_name = i < before.labels.size() && before.labels[i].name == labels[i].name;
    if (same_name && before.labels[i].value == labels[i].value) {
      pairs_.push_back(of_before[i]);
      continue;
    }
    ++others;
    place = i;
    const uint32_t name = same_name ? table_.At(of_before[i]).name : InternName(labels[i].name);
    pairs_.push_back(Intern(name, labels[i].value));
  }
  if (others == 1 && before.labels.size() == labels.size()) {
    return series_.SetLike(one.id, before.id, place, pairs_[place]);
  }
  series_.Set(one.id, pairs_, /*hole=*/0);  // the metric name, mostly
}

void SeriesIndex::NotePairs(uint32_t id) {
  for (size_t i = 0; i < pairs_.size(); ++i) {
    if (i == runs_.size()) runs_.push_back({pairs_[i], id, 0});
    Run& run = runs_[i];
    if (run.pair != pairs_[i] || run.first + run.count != id) {
      series_of_[run.pair].AddRun(run.first, run.count);
      run = {pairs_[i], id, 0};
    }
    ++run.count;
  }
}

void SeriesIndex::Add(std::span<const IndexedSeries> series) {
  const absl::MutexLock lock(&mutex_);
  IndexedSeries before{};
  for (const IndexedSeries& one : series) {
    InternAll(one, before);
    NotePairs(one.id);
    matches_.NoteChange(one.id);
    before = one;
    ++series_count_;
  }
  for (const Run& run : runs_) series_of_[run.pair].AddRun(run.first, run.count);
  runs_.clear();
}

// Labels that nobody has any more are freed when nobody looks at them any more; until then a new
// series may have them again.
void SeriesIndex::Remove(uint32_t id) {
  const absl::MutexLock lock(&mutex_);
  if (!series_.Has(id)) return;
  std::vector<PairId> unused;
  const PairList pairs = series_.Of(id);
  for (const PairId pair : pairs) {
    series_of_[pair].Remove(id);
    if (series_of_[pair].empty()) unused.push_back(pair);
  }
  matches_.NoteChange(id);
  pins_.GiveUp(series_.Remove(id), unused);
  --series_count_;
  const LabelPins::Collected collected = pins_.Collect();
  for (const PairId pair : collected.pairs) Free(pair);
  for (PairId* const list : collected.lists) series_.GiveBack(list);
}

void SeriesIndex::Free(PairId id) {
  if (!series_of_[id].empty()) return;  // in use again
  const LabelPair& pair = table_.At(id);
  const uint32_t number = pair.name;
  Name& name = names_[number];
  name.values.Erase(TagOf(pair.value(), seed_), id);
  text_bytes_ -= pair.value().size();
  if (name.values.empty()) {
    text_bytes_ -= name.text.size();
    name_ids_.erase(name.text);
    name = Name();
    free_names_.push_back(number);
  }
  table_.Clear(id);
  series_of_[id] = Postings();
  free_pairs_.push_back(id);
}

Labels SeriesIndex::LabelsOf(uint32_t id) const {
  const absl::ReaderMutexLock lock(&mutex_);
  return LabelsOfPairs(table_, series_.Of(id));
}

const SeriesIndex::Name* SeriesIndex::FindName(std::string_view text) const {
  const auto it = name_ids_.find(text);
  return it == name_ids_.end() ? nullptr : &names_[it->second];
}

// Pairs of the name whose value does (`matching`) or does not match.
void SeriesIndex::FindPairs(const Matcher& matcher, const Name& name, bool matching,
                            std::vector<PairId>* out) const {
  const bool positive = matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex;
  if (matching == positive) {  // the wanted values may be listed in the matcher itself
    std::optional<std::vector<std::string_view>> literals;
    if (IsRegex(matcher)) {
      literals = LiteralAlternatives(matcher.value());
    } else {
      literals = {matcher.value()};
    }
    if (literals) {
      std::sort(literals->begin(), literals->end());
      literals->erase(std::unique(literals->begin(), literals->end()), literals->end());
      for (const std::string_view value : *literals) {
        const PairId id = FindPair(name, value);
        if (id != kNoPair) out->push_back(id);
      }
      return;
    }
  }
  std::string_view prefix;
  if (matcher.regex() != nullptr) prefix = matcher.regex()->Prefix();
  name.values.ForEach([&](PairId id) {
    const std::string_view value = table_.At(id).value();
    const bool matches = value.starts_with(prefix) ? matcher.Matches(value) : !positive;
    if (matches == matching) out->push_back(id);
  });
}

SeriesIndex::Condition SeriesIndex::ConditionOf(const Matcher& matcher) const {
  Condition condition;
  condition.wants = !matcher.MatchesEmpty();
  const Name* name = FindName(matcher.name());
  if (name == nullptr) return condition;
  FindPairs(matcher, *name, condition.wants, &condition.pairs);
  for (const PairId id : condition.pairs) condition.size += series_of_[id].size();
  if (condition.pairs.size() > kFewPairs) {
    condition.is_in.resize(table_.size());
    for (const PairId id : condition.pairs) condition.is_in[id] = true;
  }
  return condition;
}

bool SeriesIndex::Condition::Holds(const PairList& of_series) const {
  for (const PairId id : of_series) {
    const bool found =
        is_in.empty() ? std::find(pairs.begin(), pairs.end(), id) != pairs.end() : is_in[id];
    if (found) return wants;
  }
  return !wants;
}

bool SeriesIndex::ValueMatches(const Matcher& matcher, uint32_t id) const {
  for (const PairId pair : series_.Of(id)) {
    const LabelPair& label = table_.At(pair);
    if (names_[label.name].text == matcher.name()) return matcher.Matches(label.value());
  }
  return matcher.MatchesEmpty();
}

// The series that fulfil the rarest wanted condition; `rest` receives the matchers still to be
// asked.
std::vector<uint32_t> SeriesIndex::Candidates(std::span<const Matcher> matchers,
                                              std::vector<size_t>* rest) const {
  std::optional<Condition> best;
  size_t best_index = matchers.size();
  for (const bool regexes :
       {false, true}) {  // expressions cost a walk over the values: only if nothing else helps
    if (regexes && best) break;
    for (size_t i = 0; i < matchers.size(); ++i) {
      if (IsRegex(matchers[i]) != regexes || matchers[i].MatchesEmpty()) continue;
      Condition condition = ConditionOf(matchers[i]);
      if (best && best->size <= condition.size) continue;
      best = std::move(condition);
      best_index = i;
    }
  }
  for (size_t i = 0; i < matchers.size(); ++i) {
    if (i != best_index) rest->push_back(i);
  }
  std::vector<uint32_t> ids;
  if (best) {
    ids.reserve(best->size);
    for (const PairId pair : best->pairs) series_of_[pair].AppendTo(&ids);
    return ids;
  }
  for (uint32_t id = 0; id < series_.size(); ++id) {
    if (series_.Has(id)) ids.push_back(id);
  }
  return ids;
}

void SeriesIndex::Filter(const Matcher& matcher, std::vector<uint32_t>* ids) const {
  const Name* name = FindName(matcher.name());
  size_t kept = 0;
  if (IsRegex(matcher) && name != nullptr && ids->size() < name->values.size()) {
    for (const uint32_t id : *ids) {
      if (ValueMatches(matcher, id)) (*ids)[kept++] = id;
    }
  } else {
    const Condition condition = ConditionOf(matcher);
    const Postings* only = condition.pairs.size() == 1 ? &series_of_[condition.pairs[0]] : nullptr;
    for (const uint32_t id : *ids) {
      const bool holds =
          only != nullptr ? only->Contains(id) == condition.wants : condition.Holds(series_.Of(id));
      if (holds) (*ids)[kept++] = id;
    }
  }
  ids->resize(kept);
}

std::vector<uint32_t> SeriesIndex::MatchAnew(std::span<const Matcher> matchers) const {
  std::vector<size_t> rest;
  std::vector<uint32_t> ids = Candidates(matchers, &rest);
  for (const size_t i : rest) Filter(matchers[i], &ids);
  return ids;
}

void SeriesIndex::CatchUp(std::span<const Matcher> matchers, MatchCache::Found* found) const {
  std::erase_if(found->ids,
                [&](uint32_t id) { return std::ranges::binary_search(found->changed, id); });
  for (const uint32_t id : found->changed) {
    bool matches = series_.Has(id);
    for (const Matcher& matcher : matchers) matches = matches && ValueMatches(matcher, id);
    if (matches) found->ids.push_back(id);
  }
}

std::vector<uint32_t> SeriesIndex::MatchLocked(std::span<const Matcher> matchers) const {
  // A single label's series are a list already.
  if (matchers.empty() || (matchers.size() == 1 && !IsRegex(matchers[0]))) {
    return MatchAnew(matchers);
  }
  const std::string key = MatchCache::KeyOf(matchers);
  std::optional<MatchCache::Found> found = matches_.Find(key);
  if (found && found->changed.empty()) return std::move(found->ids);
  if (found) {
    CatchUp(matchers, &*found);
  } else {
    found.emplace().ids = MatchAnew(matchers);
  }
  matches_.Put(key, found->ids);
  return std::move(found->ids);
}

std::vector<uint32_t> SeriesIndex::Match(std::span<const Matcher> matchers,
                                         std::vector<Labels>* labels) const {
  const absl::ReaderMutexLock lock(&mutex_);
  std::vector<uint32_t> ids = MatchLocked(matchers);
  if (labels != nullptr) {
    labels->reserve(ids.size());
    for (const uint32_t id : ids) labels->push_back(LabelsOfPairs(table_, series_.Of(id)));
  }
  return ids;
}

MatchedSeries SeriesIndex::MatchPinned(std::span<const Matcher> matchers) const {
  const absl::ReaderMutexLock lock(&mutex_);
  MatchedSeries matched{.ids = MatchLocked(matchers)};
  matched.pin = pins_.Take();
  matched.pairs.reserve(matched.ids.size());
  for (const uint32_t id : matched.ids) matched.pairs.push_back(series_.Of(id));
  return matched;
}

std::vector<std::string> SeriesIndex::NamesOf(std::span<const uint32_t> ids) const {
  const absl::ReaderMutexLock lock(&mutex_);
  std::vector<bool> seen(names_.size());
  for (const uint32_t id : ids) {
    for (const PairId pair : series_.Of(id)) seen[table_.At(pair).name] = true;
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < seen.size(); ++i) {
    if (seen[i]) names.push_back(names_[i].text);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> SeriesIndex::ValuesOf(std::string_view name,
                                               std::span<const uint32_t> ids) const {
  const absl::ReaderMutexLock lock(&mutex_);
  std::vector<std::string> values;
  const auto wanted = name_ids_.find(name);
  if (wanted == name_ids_.end()) return values;
  absl::flat_hash_set<PairId> seen;
  for (const uint32_t id : ids) {
    for (const PairId pair : series_.Of(id)) {
      const LabelPair& label = table_.At(pair);
      if (label.name == wanted->second && seen.insert(pair).second) {
        values.emplace_back(label.value());
      }
    }
  }
  std::sort(values.begin(), values.end());
  return values;
}

SeriesIndexStats SeriesIndex::Stats() const {
  const absl::ReaderMutexLock lock(&mutex_);
  return {.series = series_count_,
          .label_names = name_ids_.size(),
          .label_pairs = table_.size() - free_pairs_.size(),
          .text_bytes = text_bytes_,
          .kept_matches_bytes = matches_.bytes()};
}

}  // namespace outrider
