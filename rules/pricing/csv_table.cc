// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/csv_table.h"

#include <algorithm>

#include "fmt/format.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Takes one record off `*text`; counts lines. False: a quote stays open.
bool TakeRecord(std::string_view* text, int* line, std::vector<std::string>* cells) {
  std::string cell;
  bool quoted = false;
  size_t at = 0;
  for (; at < text->size(); ++at) {
    const char c = (*text)[at];
    if (c == '\n') ++*line;
    if (quoted) {
      if (c != '"') {
        cell += c;
      } else if (at + 1 < text->size() && (*text)[at + 1] == '"') {
        cell += '"';
        ++at;
      } else {
        quoted = false;
      }
    } else if (c == '"' && Trim(cell).empty()) {
      cell.clear();
      quoted = true;
    } else if (c == ',') {
      cells->push_back(std::move(cell));
      cell.clear();
    } else if (c == '\n') {
      ++at;
      break;
    } else {
      cell += c;
    }
  }
  cells->push_back(std::move(cell));
  text->remove_prefix(at);
  return !quoted;
}

}  // namespace

StatusOr<CsvTable> CsvTable::Parse(std::string_view text, const std::string& file) {
  CsvTable table;
  table.file_ = file;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  int next_line = 1;
  while (!text.empty()) {
    Row row;
    row.line = next_line;
    const bool comment = text.front() == '#';
    if (comment) {
      text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
      ++next_line;
      continue;
    }
    if (!TakeRecord(&text, &next_line, &row.cells)) {
      return InvalidArgument(fmt::format("{}:{}: a quote is not closed", file, row.line));
    }
    if (row.cells.size() == 1 && Trim(row.cells[0]).empty()) continue;
    if (table.columns_.empty()) {
      for (const std::string& cell : row.cells) table.columns_.emplace_back(Trim(cell));
      for (auto column = table.columns_.begin(); column != table.columns_.end(); ++column) {
        if (std::find(table.columns_.begin(), column, *column) != column) {
          return InvalidArgument(
              fmt::format("{}:{}: column {} is there twice", file, row.line, Quote(*column)));
        }
      }
      continue;
    }
    if (row.cells.size() != table.columns_.size()) {
      return InvalidArgument(fmt::format("{}:{}: {} cells where the header has {}", file, row.line,
                                         row.cells.size(), table.columns_.size()));
    }
    table.rows_.push_back(std::move(row));
  }
  if (table.columns_.empty()) return InvalidArgument(fmt::format("{}:1: no header line", file));
  return table;
}

bool CsvTable::Has(std::string_view column) const {
  return std::ranges::find(columns_, column) != columns_.end();
}

std::string_view CsvTable::Get(const Row& row, std::string_view column) const {
  const auto found = std::ranges::find(columns_, column);
  if (found == columns_.end()) return "";
  return Trim(row.cells[static_cast<size_t>(found - columns_.begin())]);
}

Status CsvTable::Error(const Row& row, std::string_view column, const std::string& message) const {
  return InvalidArgument(fmt::format("{}:{}: {}: {}", file_, row.line, column, message));
}

}  // namespace outrider
