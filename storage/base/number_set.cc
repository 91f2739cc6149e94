// SPDX-License-Identifier: Apache-2.0
#include "storage/base/number_set.h"

#include <algorithm>

#include "storage/base/sole_owner.h"

namespace outrider {
namespace {

constexpr size_t kChunk = 128;
// Chunks that shrink below this join their neighbour.
constexpr size_t kSmall = 32;

}  // namespace

NumberSet::NumberSet(std::initializer_list<uint64_t> numbers) {
  for (const uint64_t number : numbers) insert(number);
}

NumberSet NumberSet::FromSorted(std::span<const uint64_t> sorted) {
  NumberSet set;
  set.size_ = sorted.size();
  if (sorted.size() == 1) {
    set.only_ = sorted.front();
    return set;
  }
  set.chunks_.reserve((sorted.size() + kChunk - 1) / kChunk);
  for (size_t from = 0; from < sorted.size(); from += kChunk) {
    const auto part = sorted.subspan(from, std::min(kChunk, sorted.size() - from));
    set.chunks_.push_back(std::make_shared<Chunk>(part.begin(), part.end()));
  }
  return set;
}

size_t NumberSet::ChunkFor(uint64_t number) const {
  const auto behind = std::upper_bound(
      chunks_.begin(), chunks_.end(), number,
      [](uint64_t wanted, const std::shared_ptr<Chunk>& chunk) { return wanted < chunk->front(); });
  return behind == chunks_.begin() ? 0 : static_cast<size_t>(behind - chunks_.begin()) - 1;
}

NumberSet::Chunk& NumberSet::Own(size_t chunk) {
  std::shared_ptr<Chunk>& mine = chunks_[chunk];
  if (!IsSoleOwner(mine)) {
    auto clone = std::make_shared<Chunk>();
    clone->reserve(std::min(mine->size() + mine->size() / 4 + 4, kChunk));
    clone->assign(mine->begin(), mine->end());
    mine = std::move(clone);
  }
  return *mine;
}

bool NumberSet::contains(uint64_t number) const {
  if (chunks_.empty()) return size_ == 1 && only_ == number;
  const Chunk& chunk = *chunks_[ChunkFor(number)];
  return std::binary_search(chunk.begin(), chunk.end(), number);
}

bool NumberSet::insert(uint64_t number) {
  if (size_ == 0) {
    only_ = number;
    size_ = 1;
    return true;
  }
  if (size_ == 1) {
    if (only_ == number) return false;
    const auto [low, high] = std::minmax(only_, number);
    chunks_.push_back(std::make_shared<Chunk>(Chunk{low, high}));
    size_ = 2;
    return true;
  }
  const size_t at = ChunkFor(number);
  const Chunk& seen = *chunks_[at];
  const auto offset = std::lower_bound(seen.begin(), seen.end(), number) - seen.begin();
  if (offset != std::ssize(seen) && seen[static_cast<size_t>(offset)] == number) return false;
  Chunk& chunk = Own(at);
  chunk.insert(chunk.begin() + offset, number);
  ++size_;
  if (chunk.size() > kChunk) {
    const auto half = chunk.begin() + kChunk / 2;
    auto upper = std::make_shared<Chunk>(half, chunk.end());
    chunk.erase(half, chunk.end());
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(upper));
  }
  return true;
}

size_t NumberSet::erase(uint64_t number) {
  if (!contains(number)) return 0;
  if (size_ <= 2) {
    for (const uint64_t other : ToVector()) {
      if (other != number) only_ = other;
    }
    chunks_.clear();
    --size_;
    return 1;
  }
  const size_t at = ChunkFor(number);
  Chunk& chunk = Own(at);
  chunk.erase(std::lower_bound(chunk.begin(), chunk.end(), number));
  --size_;
  const auto place = chunks_.begin() + static_cast<std::ptrdiff_t>(at);
  if (chunk.empty()) {
    chunks_.erase(place);
  } else if (chunk.size() < kSmall && at + 1 < chunks_.size() &&
             chunks_[at + 1]->size() < kChunk / 2) {
    chunk.insert(chunk.end(), chunks_[at + 1]->begin(), chunks_[at + 1]->end());
    chunks_.erase(place + 1);
  }
  return 1;
}

void NumberSet::clear() {
  chunks_.clear();
  size_ = 0;
}

std::vector<uint64_t> NumberSet::ToVector() const {
  std::vector<uint64_t> numbers;
  numbers.reserve(size_);
  for (const uint64_t number : *this) numbers.push_back(number);
  return numbers;
}

bool NumberSet::Includes(const NumberSet& other) const {
  if (other.size_ > size_) return false;
  if (other.size_ == 1) return contains(other.only_);
  size_t mine = 0;
  Iterator from = begin();
  for (size_t theirs = 0; theirs < other.chunks_.size(); ++theirs) {
    const std::shared_ptr<Chunk>& wanted = other.chunks_[theirs];
    while (mine < chunks_.size() && chunks_[mine]->back() < wanted->front()) ++mine;
    if (mine < chunks_.size() && chunks_[mine] == wanted) continue;
    if (from.chunk_ < mine) from = Iterator(this, mine);
    for (const uint64_t number : *wanted) {
      while (from != end() && *from < number) ++from;
      if (from == end() || *from != number) return false;
    }
    mine = from.chunk_;
  }
  return true;
}

bool operator==(const NumberSet& a, const NumberSet& b) {
  if (a.size_ != b.size_) return false;
  if (a.size_ == 1) return a.only_ == b.only_;
  if (a.chunks_ == b.chunks_) return true;
  return std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace outrider
