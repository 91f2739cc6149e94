// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/anomaly_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr double kWidth = 720;
constexpr double kHeight = 280;
constexpr double kLeft = 64;
constexpr double kRight = 12;
constexpr double kTop = 34;
constexpr double kBottom = 30;
// A line is broken where samples are further apart than this share of the picture.
constexpr double kGapShare = 0.05;

constexpr std::string_view kStyle =
    "<style>text{font:12px system-ui,sans-serif;fill:#333}.t{font-weight:600;font-size:13px}"
    ".g{stroke:#ddd;stroke-width:1}.b{fill:#7aa7d9;fill-opacity:.25}"
    ".e{fill:none;stroke:#4878a8;stroke-width:1.2;stroke-dasharray:5 4}"
    ".v{fill:none;stroke:#222;stroke-width:1.6;stroke-linejoin:round}.a{fill:#d9534f;fill-opacity:."
    "18}"
    ".s{stroke:#d9534f;stroke-width:1.4}.p{fill:#fff}"
    "@media (prefers-color-scheme:dark){text{fill:#ddd}.p{fill:#1b1b1b}.g{stroke:#3a3a3a}"
    ".v{stroke:#eee}}</style>";

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void Take(double v) {
    if (!std::isfinite(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
};

// 1, 2 or 5 times a power of ten, so that about `wanted` of them fit.
double NiceStep(double span, int wanted) {
  const double raw = span / wanted;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

// 1500000 -> 1.5M, 0.00025 -> 250µ.
std::string ShortNumber(double v) {
  struct Unit {
    double size;
    std::string_view text;
  };
  constexpr std::array<Unit, 7> kUnits = {
      {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}, {1e-3, "m"}, {1e-6, "µ"}}};
  if (v == 0) return "0";
  for (const Unit& unit : kUnits) {
    if (std::fabs(v) >= unit.size * 0.9999999)
      return fmt::format("{:.4g}{}", v / unit.size, unit.text);
  }
  return fmt::format("{:.3g}", v);
}

class Canvas {
 public:
  explicit Canvas(const AnomalyChart& chart) : chart_(chart) {
    for (const auto* line : {&chart.values, &chart.expected, &chart.lower, &chart.upper}) {
      for (const Sample& sample : *line) {
        if (sample.time >= chart.from && sample.time <= chart.to) y_.Take(sample.value);
      }
    }
    if (!(y_.low <= y_.high)) y_ = {0, 1};
    const double margin =
        y_.high > y_.low ? 0.06 * (y_.high - y_.low) : std::max(0.5 * std::fabs(y_.high), 0.5);
    y_ = {y_.low - margin, y_.high + margin};
  }

  double X(Timestamp time) const {
    const double span = std::max<double>(1, static_cast<double>(chart_.to - chart_.from));
    return kLeft + static_cast<double>(time - chart_.from) / span * (kWidth - kLeft - kRight);
  }
  double Y(double value) const {
    return kTop + (y_.high - value) / (y_.high - y_.low) * (kHeight - kTop - kBottom);
  }

  void Frame(std::string* out) const {
    const double step = NiceStep(y_.high - y_.low, 5);
    const double lowest = std::ceil(y_.low / step);
    const int lines = static_cast<int>(std::floor(y_.high / step) - lowest) + 1;
    for (int i = 0; i < lines; ++i) {
      const double v = (lowest + i) * step;
      *out += fmt::format(R"(<line class="g" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>)"
                          R"(<text x="{:.1f}" y="{:.1f}" text-anchor="end">{}</text>)",
                          kLeft, kWidth - kRight, Y(v), Y(v), kLeft - 6, Y(v) + 4, ShortNumber(v));
    }
    const DurationMs tick = TimeStep();
    for (Timestamp t = (chart_.from + tick - 1) / tick * tick; t <= chart_.to; t += tick) {
      *out += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="middle">{}</text>)", X(t),
                          kHeight - 10, TimeText(t, tick));
    }
  }

  // The area between the lower and the upper edge, piece by piece where both are known.
  void Band(std::string* out) const {
    std::vector<std::pair<Sample, double>> piece;  // lower, and the upper edge of its time
    size_t j = 0;
    const auto flush = [&] {
      if (piece.size() > 1) AppendBand(piece, out);
      piece.clear();
    };
    for (const Sample& low : chart_.lower) {
      while (j < chart_.upper.size() && chart_.upper[j].time < low.time) ++j;
      const bool both = j < chart_.upper.size() && chart_.upper[j].time == low.time &&
                        std::isfinite(low.value) && std::isfinite(chart_.upper[j].value);
      if (!piece.empty() && (!both || IsGap(piece.back().first.time, low.time))) flush();
      if (both) piece.emplace_back(low, chart_.upper[j].value);
    }
    flush();
  }

  void Line(std::span<const Sample> samples, std::string_view style, std::string* out) const {
    std::string path;
    const Sample* last = nullptr;
    for (const Sample& sample : samples) {
      if (sample.time < chart_.from || sample.time > chart_.to) continue;
      if (!std::isfinite(sample.value)) {
        last = nullptr;
        continue;
      }
      const bool starts = last == nullptr || IsGap(last->time, sample.time);
      path += fmt::format("{}{:.1f} {:.1f}", starts ? 'M' : 'L', X(sample.time), Y(sample.value));
      last = &sample;
    }
    if (!path.empty()) *out += fmt::format(R"(<path class="{}" d="{}"/>)", style, path);
  }

  // Times whose score is at the edge or beyond.
  void Marks(std::string* out) const {
    Timestamp begin = 0;
    Timestamp end = 0;
    const auto flush = [&] {
      if (begin != 0) {
        *out +=
            fmt::format(R"(<rect class="a" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>)",
                        X(begin), kTop, std::max(2.0, X(end) - X(begin)), kHeight - kTop - kBottom);
      }
      begin = 0;
    };
    for (const Sample& sample : chart_.score) {
      if (sample.time < chart_.from || sample.time > chart_.to) continue;
      if (sample.value >= 1) {
        if (begin == 0) begin = sample.time;
        end = sample.time;
      } else {
        if (begin != 0) end = sample.time;
        flush();
      }
    }
    flush();
    if (chart_.since > chart_.from && chart_.since <= chart_.to) {
      *out +=
          fmt::format(R"(<line class="s" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>)",
                      X(chart_.since), kTop, kHeight - kBottom);
    }
  }

 private:
  void AppendBand(std::span<const std::pair<Sample, double>> piece, std::string* out) const {
    std::string path;
    for (const auto& [low, high] : piece) {
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', X(low.time), Y(high));
    }
    for (size_t i = piece.size(); i-- > 0;) {
      path += fmt::format("L{:.1f} {:.1f}", X(piece[i].first.time), Y(piece[i].first.value));
    }
    *out += fmt::format(R"(<path class="b" d="{}Z"/>)", path);
  }
  bool IsGap(Timestamp a, Timestamp b) const {
    return static_cast<double>(b - a) >
           std::max<double>(5 * kMinute, kGapShare * static_cast<double>(chart_.to - chart_.from));
  }
  DurationMs TimeStep() const {
    constexpr std::array<DurationMs, 12> kSteps = {
        kMinute,   5 * kMinute, 10 * kMinute, 15 * kMinute, 30 * kMinute, kHour,
        2 * kHour, 4 * kHour,   6 * kHour,    12 * kHour,   kDay,         7 * kDay};
    for (const DurationMs step : kSteps) {
      if ((chart_.to - chart_.from) / step <= 7) return step;
    }
    return 30 * kDay;
  }
  static std::string TimeText(Timestamp time, DurationMs tick) {
    const std::string text = FormatRfc3339(time * kNanosPerMilli);  // 2026-11-29T17:22:06Z
    return tick >= kDay ? text.substr(5, 5) : text.substr(11, 5);
  }

  const AnomalyChart& chart_;
  Range y_;
};

}  // namespace

std::string RenderAnomalyChart(const AnomalyChart& chart) {
  const Canvas canvas(chart);
  std::string out = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img">)"
      R"(<title>{2}</title>{3}<rect class="p" width="{0}" height="{1}"/>)"
      R"(<text class="t" x="{4}" y="20">{2}</text>)",
      kWidth, kHeight, EscapeHtml(chart.title), kStyle, kLeft);
  canvas.Frame(&out);
  canvas.Marks(&out);
  canvas.Band(&out);
  canvas.Line(chart.expected, "e", &out);
  canvas.Line(chart.values, "v", &out);
  return out + "</svg>";
}

}  // namespace outrider
