// SPDX-License-Identifier: Apache-2.0
// Sentences for people: why a sample was judged as it was.
#pragma once

#include "rules/detect/novelty_table.h"
#include "rules/detect/series_detector.h"
#include "storage/state/row_codec.h"

namespace outrider {

// Puts what was seen and expected, how rare it is and since when before the reasons already there.
// `z`: distance in usual deviations, signed.
void DescribeVerdict(double z, NoveltyTable::Kind finding, Explanation* explanation);

// "" for a value that can be.
std::string DescribeImpossible(double value, double lowest, double highest);

// What the novelty table found; empty for kNothing.
std::string DescribeFinding(NoveltyTable::Kind finding);

// Numbers as people write them: four digits.
std::string ShortNumber(double value);

void SaveVerdict(const Verdict& verdict, RowWriter& out);
Verdict LoadVerdict(RowReader& in);

}  // namespace outrider
