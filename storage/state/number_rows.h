// SPDX-License-Identifier: Apache-2.0
// A NumberSet as a field of a row: the same bytes as RowWriter::Numbers writes for a std::set.
#pragma once

#include "storage/base/number_set.h"
#include "storage/state/row_codec.h"

namespace outrider {

void WriteNumbers(const NumberSet& numbers, RowWriter* out);
// Numbers that do not ascend make the row corrupt.
NumberSet ReadNumbers(RowReader* in);

}  // namespace outrider
