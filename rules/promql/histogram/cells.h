// SPDX-License-Identifier: Apache-2.0
// One side of a native histogram as a sorted list of bucket numbers with counts: spans are for
// storing, arithmetic happens here.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rules/promql/kahan.h"
#include "storage/model/native_histogram.h"

namespace outrider::promql {

struct Cell {
  int64_t index = 0;
  KahanSum count;
};
using Cells = std::vector<Cell>;  // by index, none twice

Cells CellsOf(std::span<const BucketSpan> spans, std::span<const double> buckets);

// Merges neighbours until buckets of schema `from` are those of the coarser `to`.
void ReduceCells(int32_t from, int32_t to, Cells* cells);

// Into the buckets of `target`, a subset of `bounds` (both custom bounds): what has no bound left
// ends up in the next bucket.
void RemapCells(std::span<const double> bounds, std::span<const double> target, Cells* cells);

// `factor` is 1 or -1.
void AddCells(const Cells& from, double factor, Cells* into);

// What Prometheus compacts has no empty buckets; elsewhere they stay, and tell by being there on
// which side of zero observations are.
enum class EmptyCells { kDrop, kKeep };

// No two spans touch.
void StoreCells(const Cells& cells, EmptyCells empty, std::vector<BucketSpan>* spans,
                std::vector<double>* buckets);

}  // namespace outrider::promql
