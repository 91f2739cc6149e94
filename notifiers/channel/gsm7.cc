// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/gsm7.h"

#include <algorithm>
#include <utility>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxCharacters = 1600;

// Beside ASCII: what the alphabet has.
constexpr std::string_view kBasic = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";
constexpr std::string_view kExtended = "^{}\\[~]|€";  // two units each
constexpr std::string_view kNotAscii = "`";           // ASCII, but not in it

constexpr std::pair<std::string_view, std::string_view> kLookAlikes[] = {
    {"`", "'"},      {"‘", "'"},      {"’", "'"},     {"‚", "'"},     {"“", "\""},    {"”", "\""},
    {"„", "\""},     {"«", "\""},     {"»", "\""},    {"–", "-"},     {"—", "-"},     {"−", "-"},
    {"…", "..."},    {"•", "*"},      {"·", "."},     {"×", "x"},     {"→", "->"},    {"←", "<-"},
    {"≥", ">="},     {"≤", "<="},     {"≠", "!="},    {"°", "o"},     {"µ", "u"},     {"\t", " "},
    {"\u00a0", " "}, {"\u202f", " "}, {"\u200b", ""}, {"\ufe0f", ""}, {"\ufeff", ""}, {"á", "a"},
    {"â", "a"},      {"ã", "a"},      {"ą", "a"},     {"À", "A"},     {"Á", "A"},     {"Â", "A"},
    {"Ã", "A"},      {"ç", "c"},      {"ć", "c"},     {"č", "c"},     {"Č", "C"},     {"ď", "d"},
    {"ê", "e"},      {"ë", "e"},      {"ę", "e"},     {"ě", "e"},     {"È", "E"},     {"Ê", "E"},
    {"Ë", "E"},      {"ğ", "g"},      {"í", "i"},     {"î", "i"},     {"ï", "i"},     {"ı", "i"},
    {"İ", "I"},      {"Í", "I"},      {"Î", "I"},     {"ł", "l"},     {"Ł", "L"},     {"ń", "n"},
    {"ň", "n"},      {"ó", "o"},      {"ô", "o"},     {"õ", "o"},     {"ő", "o"},     {"Ó", "O"},
    {"Ô", "O"},      {"ř", "r"},      {"ś", "s"},     {"š", "s"},     {"ş", "s"},     {"Š", "S"},
    {"ť", "t"},      {"ú", "u"},      {"û", "u"},     {"ű", "u"},     {"ů", "u"},     {"Ú", "U"},
    {"Û", "U"},      {"ý", "y"},      {"ÿ", "y"},     {"ź", "z"},     {"ż", "z"},     {"ž", "z"},
    {"Ž", "Z"},
};

// Takes the first code point off the text.
std::string_view NextRune(std::string_view* text) {
  const std::string_view rune = RunePrefix(*text, 1);
  text->remove_prefix(rune.size());
  return rune;
}

// 0: not in the alphabet.
size_t UnitsOf(std::string_view rune) {
  if (Contains(kExtended, rune)) return 2;
  if (rune.size() > 1) return Contains(kBasic, rune) ? 1 : 0;
  const auto byte = static_cast<unsigned char>(rune[0]);
  const bool printable = (byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\r';
  return printable && !Contains(kNotAscii, rune) ? 1 : 0;
}

std::optional<std::string_view> LookAlike(std::string_view rune) {
  for (const auto& [foreign, likeness] : kLookAlikes) {
    if (foreign == rune) return likeness;
  }
  if (rune.size() == 4) return "";  // emoji and other pictures
  return std::nullopt;
}

// UTF-16 units: characters beyond the basic plane, of four bytes in UTF-8, take two.
size_t Utf16Units(std::string_view text) {
  size_t units = 0;
  while (!text.empty()) units += NextRune(&text).size() == 4 ? 2 : 1;
  return units;
}

}  // namespace

std::string SpellInGsm7(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view rune = NextRune(&text);
    if (UnitsOf(rune) > 0) {
      out += rune;
    } else {
      out += LookAlike(rune).value_or(rune);
    }
  }
  return out;
}

std::optional<size_t> Gsm7Units(std::string_view text) {
  size_t units = 0;
  while (!text.empty()) {
    const size_t one = UnitsOf(NextRune(&text));
    if (one == 0) return std::nullopt;
    units += one;
  }
  return units;
}

size_t SmsSegments(std::string_view text) {
  const auto septets = Gsm7Units(text);
  const size_t units = septets.value_or(Utf16Units(text));
  const size_t alone = septets ? 160 : 70;
  const size_t of_several = septets ? 153 : 67;
  return units <= alone ? 1 : (units + of_several - 1) / of_several;
}

std::string CutSms(std::string text, size_t segments) {
  segments = std::max<size_t>(segments, 1);
  const auto fits = [&](std::string_view part) {
    return RuneCount(part) <= kMaxCharacters && SmsSegments(part) <= segments;
  };
  if (fits(text)) return text;
  // The longest prefix that fits with its mark: a longer one never takes fewer segments.
  size_t low = 0;
  size_t high = std::min(RuneCount(text), kMaxCharacters);
  while (low < high) {
    const size_t middle = low + (high - low + 1) / 2;
    if (fits(std::string(RunePrefix(text, middle)) + "...")) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return std::string(RunePrefix(text, low)) + "...";
}

}  // namespace outrider
