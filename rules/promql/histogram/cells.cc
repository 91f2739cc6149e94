// SPDX-License-Identifier: Apache-2.0
#include "rules/promql/histogram/cells.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace outrider::promql {
namespace {

void Join(const Cell& from, Cell* into) {
  into->count.Add(from.count.sum);
  if (from.count.lost != 0) into->count.Add(from.count.lost);
}

Cell Times(const Cell& cell, double factor) {
  return {cell.index, {cell.count.sum * factor, cell.count.lost * factor}};
}

// Keeps the order: `target` must not fall where the index rises.
template <typename Target>
void MoveCells(Target target, Cells* cells) {
  size_t kept = 0;
  for (size_t i = 0; i < cells->size(); ++i) {
    Cell cell = (*cells)[i];
    cell.index = target(cell.index);
    if (kept > 0 && (*cells)[kept - 1].index == cell.index) {
      Join(cell, &(*cells)[kept - 1]);
    } else {
      (*cells)[kept++] = cell;
    }
  }
  cells->resize(kept);
}

// Offsets are 32 bits wide, gaps may be wider: spans without buckets carry the rest.
void StartSpan(int64_t gap, std::vector<BucketSpan>* spans) {
  constexpr int64_t kWidest = std::numeric_limits<int32_t>::max();
  for (; gap > kWidest; gap -= kWidest) spans->push_back({static_cast<int32_t>(kWidest), 0});
  spans->push_back({static_cast<int32_t>(gap), 0});
}

}  // namespace

Cells CellsOf(std::span<const BucketSpan> spans, std::span<const double> buckets) {
  Cells cells;
  cells.reserve(buckets.size());
  int64_t index = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && cells.size() < buckets.size(); ++i, ++index) {
      cells.push_back({index, {.sum = buckets[cells.size()]}});
    }
  }
  return cells;
}

void ReduceCells(int32_t from, int32_t to, Cells* cells) {
  if (from <= to) return;
  // Bucket i ends at 2^(i / 2^schema), so 2^shift neighbours fall together, the last of them at a
  // multiple of 2^shift.
  const int shift = from - to;
  MoveCells([shift](int64_t index) { return ((index - 1) >> shift) + 1; }, cells);
}

void RemapCells(std::span<const double> bounds, std::span<const double> target, Cells* cells) {
  MoveCells(
      [bounds, target](int64_t index) {
        if (index < 0 || static_cast<size_t>(index) >= bounds.size()) {
          return static_cast<int64_t>(target.size());
        }
        const auto at =
            std::lower_bound(target.begin(), target.end(), bounds[static_cast<size_t>(index)]);
        return static_cast<int64_t>(at - target.begin());
      },
      cells);
}

void AddCells(const Cells& from, double factor, Cells* into) {
  const bool same_buckets =
      std::equal(from.begin(), from.end(), into->begin(), into->end(),
                 [](const Cell& a, const Cell& b) { return a.index == b.index; });
  if (same_buckets) {
    for (size_t i = 0; i < from.size(); ++i) Join(Times(from[i], factor), &(*into)[i]);
    return;
  }
  Cells sum;
  sum.reserve(std::max(from.size(), into->size()));
  auto a = into->begin();
  for (const Cell& cell : from) {
    const Cell b = Times(cell, factor);
    while (a != into->end() && a->index < b.index) sum.push_back(*a++);
    if (a != into->end() && a->index == b.index) {
      Join(b, &*a);
      sum.push_back(*a++);
    } else {
      sum.push_back(b);
    }
  }
  sum.insert(sum.end(), a, into->end());
  *into = std::move(sum);
}

void StoreCells(const Cells& cells, EmptyCells empty, std::vector<BucketSpan>* spans,
                std::vector<double>* buckets) {
  spans->clear();
  buckets->clear();
  int64_t end = 0;  // behind the last bucket that was stored
  for (const Cell& cell : cells) {
    const double count = cell.count.Value();
    if (count == 0 && empty == EmptyCells::kDrop) continue;
    if (spans->empty() || cell.index != end) StartSpan(cell.index - end, spans);
    ++spans->back().length;
    buckets->push_back(count);
    end = cell.index + 1;
  }
}

}  // namespace outrider::promql
