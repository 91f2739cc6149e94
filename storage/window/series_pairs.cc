// SPDX-License-Identifier: Apache-2.0
#include "storage/window/series_pairs.h"

#include <algorithm>

namespace outrider {
namespace {

constexpr size_t SizeOf(size_t pairs, uint32_t hole, size_t uses) {
  return (uses + PairList::kHeader + pairs - (hole < pairs ? 1 : 0)) * sizeof(PairId);
}

}  // namespace

void SeriesPairs::Set(uint32_t id, std::span<const PairId> pairs, uint32_t hole) {
  if (hole >= pairs.size()) hole = PairList::kNoHole;
  auto* const list = static_cast<PairId*>(memory_.Take(SizeOf(pairs.size(), hole, kUses)));
  list[0] = 1;
  list[kUses] = static_cast<uint32_t>(pairs.size());
  list[kUses + 1] = hole;
  PairId* next = list + kUses + PairList::kHeader;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (i != hole) *next++ = pairs[i];
  }
  places_.Reach(id);
  places_[id].SetList(list);
  places_[id].own = hole < pairs.size() ? pairs[hole] : 0;
}

void SeriesPairs::SetLike(uint32_t id, uint32_t neighbour, uint32_t place, PairId pair) {
  places_.Reach(id);
  PairId* const list = places_[neighbour].list();
  if (list[kUses + 1] == place) {
    ++list[0];
    places_[id].SetList(list);
    places_[id].own = pair;
    return;
  }
  const PairList before = Of(neighbour);
  std::vector<PairId> pairs(before.begin(), before.end());
  pairs[place] = pair;
  Set(id, pairs, place);
}

PairId* SeriesPairs::Remove(uint32_t id) {
  PairId* const list = places_[id].list();
  places_[id] = Place();
  return --list[0] == 0 ? list : nullptr;
}

void SeriesPairs::GiveBack(PairId* list) {
  memory_.GiveBack(list, SizeOf(list[kUses], list[kUses + 1], kUses));
}

}  // namespace outrider
