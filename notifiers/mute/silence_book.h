// SPDX-License-Identifier: Apache-2.0
// All silences by id, and an index of them, so that an alert is compared with those that may match
// it only: most name a value of a label. A value: copied to be changed. Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/mute/silence.h"
#include "storage/base/hash.h"

namespace outrider {

class SilenceBook {
 public:
  using Map = std::map<std::string, Silence>;

  void Put(Silence silence);
  void Erase(const std::string& id);

  Map::const_iterator find(const std::string& id) const { return by_id_.find(id); }
  Map::const_iterator begin() const { return by_id_.begin(); }
  Map::const_iterator end() const { return by_id_.end(); }
  size_t size() const { return by_id_.size(); }

  // Those that may match the labels, sorted by id.
  std::vector<const Silence*> Candidates(const Labels& labels) const;

 private:
  using Ids = std::set<std::string>;

  void Index(const Silence& silence);
  void Unindex(const Silence& silence);

  Map by_id_;
  StringMap<StringMap<Ids>> by_label_;  // by name and value of the first matcher that names one
  Ids others_;                          // without such a matcher
};

// Ids of the silences that mute these labels at `now`, sorted.
std::vector<std::string> SilencedBy(const SilenceBook& silences, const Labels& labels, Nanos now);

}  // namespace outrider
