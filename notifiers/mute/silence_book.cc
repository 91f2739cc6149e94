// SPDX-License-Identifier: Apache-2.0
#include "notifiers/mute/silence_book.h"

#include <algorithm>
#include <utility>

namespace outrider {
namespace {

// nullptr: none. One that wants the empty value matches labels that are not there.
const Matcher* IndexedMatcher(const Silence& silence) {
  const auto found = std::ranges::find_if(silence.matchers, [](const Matcher& matcher) {
    return matcher.type() == MatchType::kEqual && !matcher.value().empty();
  });
  return found == silence.matchers.end() ? nullptr : &*found;
}

}  // namespace

void SilenceBook::Index(const Silence& silence) {
  const Matcher* matcher = IndexedMatcher(silence);
  Ids& ids = matcher == nullptr ? others_ : by_label_[matcher->name()][matcher->value()];
  ids.insert(silence.id);
}

void SilenceBook::Unindex(const Silence& silence) {
  const Matcher* matcher = IndexedMatcher(silence);
  if (matcher == nullptr) {
    others_.erase(silence.id);
    return;
  }
  const auto values = by_label_.find(matcher->name());
  const auto ids = values->second.find(matcher->value());
  ids->second.erase(silence.id);
  if (!ids->second.empty()) return;
  values->second.erase(ids);
  if (values->second.empty()) by_label_.erase(values);
}

void SilenceBook::Put(Silence silence) {
  Erase(silence.id);
  Index(silence);
  std::string id = silence.id;
  by_id_.emplace(std::move(id), std::move(silence));
}

void SilenceBook::Erase(const std::string& id) {
  const auto known = by_id_.find(id);
  if (known == by_id_.end()) return;
  Unindex(known->second);
  by_id_.erase(known);
}

std::vector<const Silence*> SilenceBook::Candidates(const Labels& labels) const {
  std::vector<const Silence*> candidates;
  const auto add = [&](const Ids& ids) {
    for (const std::string& id : ids) candidates.push_back(&by_id_.at(id));
  };
  if (by_id_.empty()) return candidates;
  add(others_);
  if (!by_label_.empty()) {
    for (const LabelView label : labels) {
      const auto values = by_label_.find(label.name);
      if (values == by_label_.end()) continue;
      const auto ids = values->second.find(label.value);
      if (ids != values->second.end()) add(ids->second);
    }
  }
  std::ranges::sort(candidates, {}, &Silence::id);
  return candidates;
}

std::vector<std::string> SilencedBy(const SilenceBook& silences, const Labels& labels, Nanos now) {
  std::vector<std::string> ids;
  for (const Silence* silence : silences.Candidates(labels)) {
    if (silence->Mutes(labels, now)) ids.push_back(silence->id);
  }
  return ids;
}

}  // namespace outrider
