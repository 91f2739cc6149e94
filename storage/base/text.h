// SPDX-License-Identifier: Apache-2.0
// Small text helpers that the standard library of Debian 12 lacks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/status.h"

namespace outrider {

std::vector<std::string_view> Split(std::string_view text,
                                    char separator);  // keeps empty parts; "" gives {""}
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view Trim(std::string_view text);  // ASCII blanks at both ends
std::string ToLower(std::string_view text);    // ASCII
std::string ToUpper(std::string_view text);    // ASCII
bool Contains(std::string_view text, std::string_view part);

bool IsValidUtf8(std::string_view text);
// Length in code points, and the longest prefix of at most `runes` code points; invalid bytes count
// as one each.
size_t RuneCount(std::string_view text);
std::string_view RunePrefix(std::string_view text, size_t runes);

// Go's strconv.Quote: double quotes, \n \t \" \\ \xNN \uNNNN; printable UTF-8 is kept.
std::string Quote(std::string_view text);
// Go's strconv.Unquote for "…" , '…' (as PromQL uses them) and `…`; `text` includes its quotes.
StatusOr<std::string> Unquote(std::string_view text);

// strconv.FormatFloat(v, 'f', -1, 64): shortest digits, no exponent; NaN, +Inf, -Inf.
std::string FormatFloatF(double value);
// strconv.FormatFloat(v, 'g', -1, 64) = Go's %v of a float64: exponent form when the decimal
// exponent is below -4 or at least 6 (specs/prometheus.md §4): 100000, 1e+06, 1.2345678e+07,
// 0.0001234, 1.234e-05.
std::string FormatFloatG(double value);
// strconv.FormatFloat(v, 'e', -1, 64): 1e+00.
std::string FormatFloatE(double value);
// A sample value as the Prometheus API writes it: 'f', or 'e' below 1e-6 and from 1e21 in
// magnitude.
std::string FormatSampleValue(double value);
// Milliseconds as seconds with at most three decimals, none when zero: 1435781451.781
std::string FormatTimestampSeconds(int64_t ms);
// A whole text as a finite or special double: decimal, exponent, Inf, +Inf, -Inf, NaN (any case).
StatusOr<double> ParseDouble(std::string_view text);
StatusOr<int64_t> ParseInt(std::string_view text);

std::string HexEncode(std::string_view bytes);
std::string Base64Encode(std::string_view bytes);
std::string UrlEncodeQuery(std::string_view text);  // Go url.QueryEscape: blank becomes +
std::string UrlEncodePath(std::string_view text);   // Go url.PathEscape
StatusOr<std::string> UrlDecode(std::string_view text, bool plus_is_blank);
std::string EscapeHtml(std::string_view text);  // Go html.EscapeString: < > & ' "

}  // namespace outrider
