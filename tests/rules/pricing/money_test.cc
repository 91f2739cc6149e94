// SPDX-License-Identifier: Apache-2.0
#include "rules/pricing/money.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "rules/pricing/wide.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct TextCase {
  const char* text;
  const char* exact;
  int digits;
  const char* shown;
};

class MoneyText : public ::testing::TestWithParam<TextCase> {};

TEST_P(MoneyText, IsReadExactlyAndShownHalfUp) {
  const auto money = Money::Parse(GetParam().text);
  ASSERT_TRUE(money.ok()) << money.status();
  EXPECT_EQ(money->Text(), GetParam().exact);
  EXPECT_EQ(money->Text(GetParam().digits), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    Table, MoneyText,
    ::testing::Values(TextCase{"0.0416", "0.0416", 2, "0.04"},
                      TextCase{"91.104", "91.104", 2, "91.10"},
                      TextCase{"91.105", "91.105", 2, "91.11"},
                      TextCase{"-91.105", "-91.105", 2, "-91.11"}, TextCase{"2.5", "2.5", 0, "3"},
                      TextCase{"-0.004", "-0.004", 2, "0.00"}, TextCase{".5", "0.5", 1, "0.5"},
                      TextCase{"5.", "5", 3, "5.000"}, TextCase{"1e-3", "0.001", 2, "0.00"},
                      TextCase{"1.25E+2", "125", 1, "125.0"},
                      TextCase{"00012.3400", "12.34", 1, "12.3"}, TextCase{"+7", "7", 0, "7"},
                      TextCase{"0", "0", 4, "0.0000"}, TextCase{"-0", "0", 0, "0"},
                      TextCase{"0.00005479452", "0.00005479452", 8, "0.00005479"},
                      TextCase{"0.000000000000000000000001", "0.000000000000000000000001", 24,
                               "0.000000000000000000000001"},
                      TextCase{"0.10000000000000000000000000000000000000000000", "0.1", 1, "0.1"},
                      TextCase{"170000000000000", "170000000000000", 1, "170000000000000.0"},
                      TextCase{"1000e-3", "1", 0, "1"}, TextCase{"9.995", "9.995", 2, "10.00"}));

TEST(Money, RefusesWhatIsNoNumberOrWouldLoseDigits) {
  for (const char* text : {"", "-", ".", "1.2.3", "1e", "1e+", "e5", "0x10", "1,5", " 1", "1 ",
                           "NaN", "Inf", "1e9999", "--1", "1e1e1"}) {
    EXPECT_FALSE(Money::Parse(text).ok()) << text;
  }
  EXPECT_THAT(Message(Decimal::Parse("0.1234567890123").status()),
              HasSubstr("more than 12 digits behind the point"));
  EXPECT_THAT(Message(Money::Parse("1e15").status()), HasSubstr("out of range"));
  EXPECT_THAT(Message(Money::Parse("1e400").status()), HasSubstr("out of range"));
}

TEST(Money, LiteralsAreExact) {
  EXPECT_EQ(0.0416_usd, *Money::Parse("0.0416"));
  EXPECT_EQ(2.5_dec, *Decimal::Parse("2.5"));
  EXPECT_EQ(730_usd, Money::FromInt(730));
}

TEST(Money, ADoubleBecomesItsShortestDecimal) {
  EXPECT_EQ(Money::FromDouble(0.1), 0.1_usd);
  EXPECT_EQ(Money::FromDouble(0.0416), 0.0416_usd);
  EXPECT_EQ(Money::FromDouble(-2.5), -(2.5_usd));
  EXPECT_EQ(Decimal::FromDouble(1.0 / 3).Text(), "0.333333333333");
  EXPECT_EQ(Decimal::FromDouble(2.0 / 3).Text(), "0.666666666667");
  EXPECT_EQ(Decimal::FromDouble(5e-13).Text(), "0.000000000001");
  EXPECT_EQ(Money::FromDouble(std::nan("")), Money());
  EXPECT_EQ(Money::FromDouble(5e-324), Money());
  EXPECT_EQ(Money::FromDouble(1e300), Money::FromDouble(INFINITY));
  EXPECT_EQ(Money::FromDouble(-INFINITY), -Money::FromDouble(INFINITY));
}

TEST(Money, GoesToTheNearestDouble) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int64_t> digits(-99'999'999, 99'999'999);
  for (int i = 0; i < 5000; ++i) {
    // Of eight decimals, as written, division of exact doubles rounds correctly.
    const int64_t units = digits(random);
    EXPECT_EQ((Money::FromInt(units).TimesRatio(1, 100'000'000)).ToDouble(),
              static_cast<double>(units) / 1e8);
  }
}

TEST(Money, ProductsAreExactToTwentyFourDigits) {
  EXPECT_EQ((0.123456789012_usd * 0.987654321098_dec).Text(), "0.121932631136585886175176");
  EXPECT_EQ((0.0416_usd * 1_dec + 0.0046_usd * 2_dec).Text(), "0.0508");
  EXPECT_EQ((0.0508_usd * 730 * 3).Text(2), "111.25");
  EXPECT_EQ((1_usd * -3).Text(), "-3");
  EXPECT_EQ(1_usd .Over(3_dec).Text(), "0.333333333333333333333333");
  EXPECT_EQ(2_usd .Over(3_dec).Text(), "0.666666666666666666666667");
  EXPECT_EQ(1_usd .Over(Decimal()), Money());
}

TEST(Money, BytesArePricedByTheGib) {
  EXPECT_EQ((0.0046_usd).TimesRatio(int64_t{64} << 20, int64_t{1} << 30).Text(), "0.0002875");
  // One byte of a dollar's GiB: 2^-30, rounded at the 24th digit.
  EXPECT_EQ((1_usd).TimesRatio(1, int64_t{1} << 30).Text(), "0.000000000931322574615479");
}

TEST(Money, StaysAtTheEndOfItsRange) {
  const Money most = Money::FromDouble(INFINITY);
  EXPECT_EQ(most + 1_usd, most);
  EXPECT_EQ(-most - 1_usd, -most);
  EXPECT_EQ(most * 2, most);
  EXPECT_EQ(most * -2, -most);
  EXPECT_EQ(most.Times(1000000_dec), most);
  EXPECT_EQ(most.Rounded(2) <= most, true);
  EXPECT_EQ(Money::FromInt(std::numeric_limits<int64_t>::max()), most);
  EXPECT_EQ(Money::FromInt(std::numeric_limits<int64_t>::min()), -most);
}

TEST(Wide, AgreesWithSmallNumbersAndWithItself) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const UInt128 a = (UInt128{random()} << (random() % 64)) | random();
    const UInt128 b = random() >> (random() % 64);
    const UInt128 divisor = (((UInt128{random()} << (random() % 63)) | random()) >> 1) | 1;
    const Quotient quotient = DivideWide(MultiplyWide(a, b), divisor);
    ASSERT_LT(quotient.remainder, divisor);
    if (quotient.overflow) continue;
    // whole * divisor + remainder = a * b, limb by limb.
    Product256 back = MultiplyWide(quotient.whole, divisor);
    UInt128 carry = quotient.remainder;
    for (uint64_t& limb : back.limbs) {
      carry += limb;
      limb = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
    ASSERT_EQ(back.limbs, MultiplyWide(a, b).limbs);
  }
}

std::vector<std::string> Texts(const std::vector<Money>& parts, int digits) {
  std::vector<std::string> texts;
  for (const Money part : parts) texts.push_back(part.Text(digits));
  return texts;
}

TEST(Split, GivesWhatIsLeftToTheLargestRemainders) {
  const Decimal thirds[] = {1_dec, 1_dec, 1_dec};
  const auto parts = SplitByWeights(0.000000000000000000000011_usd, thirds);
  EXPECT_THAT(Texts(parts, 24),
              ElementsAre("0.000000000000000000000004", "0.000000000000000000000004",
                          "0.000000000000000000000003"));
  const Decimal none[] = {Decimal(), Decimal()};
  EXPECT_THAT(Texts(SplitByWeights(1_usd, none), 1), ElementsAre("0.5", "0.5"));
  const Decimal below[] = {-(1_dec), 1_dec};
  EXPECT_THAT(Texts(SplitByWeights(-(1_usd), below), 1), ElementsAre("0.0", "-1.0"));
  EXPECT_TRUE(SplitByWeights(1_usd, std::span<const Decimal>()).empty());
}

TEST(Split, RoundedPartsSumToTheRoundedWhole) {
  const Money parts[] = {0.333_usd, 0.333_usd, 0.334_usd};
  EXPECT_THAT(Texts(RoundParts(parts, 2), 2), ElementsAre("0.33", "0.33", "0.34"));
  const Money halves[] = {0.005_usd, 0.005_usd};
  EXPECT_THAT(Texts(RoundParts(halves, 2), 2), ElementsAre("0.01", "0.00"));
}

// Sums of parts equal the whole exactly, whatever the numbers.
TEST(Split, PartsSumToTheWhole) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> magnitude(-12, 12);
  for (int round = 0; round < 2000; ++round) {
    const size_t count = 1 + random() % 40;
    const bool huge = random() % 4 == 0;
    std::vector<Decimal> weights;
    for (size_t i = 0; i < count; ++i) {
      weights.push_back(Decimal::FromDouble(std::pow(10, magnitude(random) * (huge ? 2 : 1))));
    }
    const Money total = Money::FromDouble(std::pow(10, magnitude(random))) * (round % 2 ? 1 : -1);
    const std::vector<Money> parts = SplitByWeights(total, weights);
    Money sum;
    for (const Money part : parts) {
      EXPECT_TRUE(part.IsZero() || part.IsNegative() == total.IsNegative());
      sum += part;
    }
    ASSERT_EQ(sum, total);
    const int digits = static_cast<int>(random() % 6);
    const std::vector<Money> rounded = RoundParts(parts, digits);
    Money shown;
    for (size_t i = 0; i < count; ++i) {
      EXPECT_EQ(rounded[i], rounded[i].Rounded(digits));
      shown += rounded[i];
    }
    ASSERT_EQ(shown, total.Rounded(digits));
  }
}

// A larger weight never gets the smaller share, and a larger whole leaves no share smaller by more
// than the one unit that goes to the largest remainders.
TEST(Split, IsMonotone) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 500; ++round) {
    std::vector<Decimal> weights;
    for (int i = 0; i < 10; ++i) {
      weights.push_back(Decimal::FromUnits(static_cast<Int128>(random() % 1'000'000'000'000'000)));
    }
    const Money total = Money::FromUnits(static_cast<Int128>(random()));
    const auto parts = SplitByWeights(total, weights);
    const auto more = SplitByWeights(total + 1_usd, weights);
    for (size_t i = 0; i < weights.size(); ++i) {
      EXPECT_GE(more[i] + Money::FromUnits(1), parts[i]);
      for (size_t j = 0; j < weights.size(); ++j) {
        if (weights[i] > weights[j]) {
          EXPECT_GE(parts[i], parts[j]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace outrider
