// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/ring_tiers.h"

#include <bit>
#include <cfloat>
#include <utility>

namespace outrider {
namespace {

Timestamp FloorTo(Timestamp time, DurationMs width) {
  const Timestamp rest = time % width;
  return time - (rest < 0 ? rest + width : rest);
}

// The value origin is moved whenever this tier begins a bucket.
constexpr size_t kOriginTier = 3;

double Seconds(DurationMs duration) { return static_cast<double>(duration) / kSecond; }

float AsFloat(double value) {
  return static_cast<float>(std::clamp<double>(value, -FLT_MAX, FLT_MAX));
}

// Plain sums relative to the newest sample, which is in every window: what could cancel is spread
// that the window itself has.
struct Sums {
  double n = 0;
  double t = 0;
  double v = 0;
  double tt = 0;
  double tv = 0;
  double vv = 0;

  void Add(const Moments& line, double value_origin) {
    const double mean_v = line.mean_v - value_origin;
    const double nt = line.n * line.mean_t;
    const double nv = line.n * mean_v;
    n += line.n;
    t += nt;
    v += nv;
    tt += line.m_tt + nt * line.mean_t;
    tv += line.m_tv + nt * mean_v;
    vv += line.m_vv + nv * mean_v;
  }
  Moments Line(double value_origin, double all_origin) const {
    if (n == 0) return {};
    const double mean_t = t / n;
    const double mean_v = v / n;
    return {.n = n,
            .mean_t = mean_t,
            .mean_v = mean_v + value_origin + all_origin,
            .m_tt = std::max(0.0, tt - t * mean_t),
            .m_tv = tv - t * mean_v,
            .m_vv = std::max(0.0, vv - v * mean_v)};
  }
};

}  // namespace

Moments RingTiers::Bucket::Line() const {
  const double tt = m_tt;
  const double tv = m_tv;
  const double explained = tt > 0 ? tv * tv / tt : 0;
  return {.n = static_cast<double>(n),
          .mean_t = mean_t,
          .mean_v = std::bit_cast<double>(mean_v),
          .m_tt = tt,
          .m_tv = tv,
          .m_vv = explained + static_cast<double>(root_rest) * root_rest};
}

void RingTiers::Bucket::Set(const Moments& line) {
  n = static_cast<uint32_t>(std::min<double>(line.n, UINT32_MAX));
  mean_t = AsFloat(line.mean_t);
  m_tt = AsFloat(line.m_tt);
  m_tv = AsFloat(line.m_tv);
  const double explained = line.m_tt > 0 ? line.m_tv * line.m_tv / line.m_tt : 0;
  root_rest = AsFloat(std::sqrt(std::max(0.0, line.m_vv - explained)));
  mean_v = std::bit_cast<std::array<uint32_t, 2>>(line.mean_v);
}

Timestamp RingTiers::last_time() const {
  return empty() ? INT64_MIN : base_ + raw_time_[raw_newest_];
}

double RingTiers::last_value() const { return raw_value_[raw_newest_]; }

void RingTiers::Clear() {
  raw_count_ = 0;
  tiers_.clear();
  buckets_.clear();
  if (centres_) *centres_ = Centres();
}

double RingTiers::CentreAt(size_t tier, uint32_t slot) const {
  return centres_ ? centres_->origin + centres_->of_buckets[Place(tier, slot)] : 0;
}

void RingTiers::SetCentre(size_t tier, uint32_t slot, double centre) {
  if (centres_) centres_->of_buckets[Place(tier, slot)] = AsFloat(centre - centres_->origin);
}

void RingTiers::GrowTo(size_t tier) {
  const WindowPlan::Tier& plan = plan_->tiers[tier];
  const size_t size = size_t{plan.offset} + plan.capacity;
  buckets_.reserve(size);
  buckets_.resize(size);
  if (!centres_) return;
  centres_->of_buckets.reserve(size);
  centres_->of_buckets.resize(size);
}

void RingTiers::Add(Timestamp time, double value) {
  if (empty()) {
    base_ = FloorTo(time, plan_->coarsest());
    first_ = time;
    value_origin_ = value;
  } else {
    if (time <= last_time()) return;
    if (time - base_ >= kFarOffset) Rebase(time);
    if (raw_count_ == kRaw) {
      // A few at a time: other memory is touched once for them all.
      while (raw_count_ > kKeepRaw) FlushOldestSlot();
    }
  }
  raw_newest_ = static_cast<uint8_t>((raw_newest_ + 1) % kRaw);
  raw_time_[raw_newest_] = static_cast<uint32_t>(time - base_);
  raw_value_[raw_newest_] = value;
  ++raw_count_;
}

// Moves the origin of the 32-bit times forward; what lies before it is older than any window.
void RingTiers::Rebase(Timestamp time) {
  const Timestamp base = FloorTo(time - kFarOffset / 2, plan_->coarsest());
  const int64_t shift = base - base_;
  while (raw_count_ > 0 && raw_time_[RawIndex(raw_count_ - 1U)] < shift) --raw_count_;
  if (raw_count_ == 0) {  // nothing for weeks
    Clear();
    base_ = FloorTo(time, plan_->coarsest());
    first_ = time;
    return;
  }
  for (size_t age = 0; age < raw_count_; ++age) {
    raw_time_[RawIndex(age)] -= static_cast<uint32_t>(shift);
  }
  for (size_t i = 0; i < tiers_.size(); ++i) {
    Tier& tier = tiers_[i];
    const WindowPlan::Tier& plan = plan_->tiers[i];
    const auto slots = static_cast<uint32_t>(shift / plan.width);
    const uint32_t kept = tier.newest >= slots ? tier.newest - slots + 1 : 0;
    // A bucket's place is its slot number modulo the capacity: put those that stay in order.
    std::vector<Bucket> moved(plan.capacity);
    std::vector<float> centres(centres_ ? plan.capacity : 0U);
    tier.count = static_cast<uint16_t>(std::min<uint32_t>(tier.count, kept));
    for (uint32_t age = 0; age < tier.count; ++age) {
      const uint32_t slot = tier.newest - age;
      const size_t to = (slot - slots) % plan.capacity;
      moved[to] = At(i, slot);
      if (centres_) centres[to] = centres_->of_buckets[Place(i, slot)];
    }
    std::ranges::copy(moved, buckets_.begin() + plan.offset);
    if (centres_) std::ranges::copy(centres, centres_->of_buckets.begin() + plan.offset);
    tier.newest -= std::min(tier.newest, slots);
  }
  base_ = base;
}

WildFilter::Judge RingTiers::JudgeOfRaw() const {
  std::array<double, kRaw> values;
  for (size_t age = 0; age < raw_count_; ++age) values[age] = raw_value_[RawIndex(age)];
  return centres_->filter.JudgeBy(std::span(values).first(raw_count_));
}

// The samples of the oldest slot among those kept raw become one merge into the finest tier. Whole
// slots go where they fit, so that a bucket is written once.
void RingTiers::FlushOldestSlot() {
  const uint32_t width = plan_->tiers.front().width;
  const uint32_t slot = raw_time_[RawIndex(raw_count_ - 1U)] / width;
  const uint32_t start = slot * width;
  Moments line;
  WildFilter::Judge judge;
  if (centres_) judge = JudgeOfRaw();
  double clean = 0;
  while (raw_count_ > 0) {
    const size_t oldest = RawIndex(raw_count_ - 1U);
    const uint32_t offset = raw_time_[oldest] - start;
    if (offset >= width) break;
    line.Add(Seconds(offset), raw_value_[oldest] - value_origin_);
    if (centres_) clean += (judge.Clean(raw_value_[oldest]) - clean) / line.n;
    --raw_count_;
  }
  if (centres_) {
    if (tiers_.empty()) centres_->origin = clean;
    centres_->filter.Learn(judge, clean);
  }
  const size_t watched = std::min(kOriginTier, plan_->tiers.size() - 1);
  auto newest = [&] { return tiers_.size() > watched ? int64_t{tiers_[watched].newest} : -1; };
  const int64_t before = newest();
  Push(0, slot, line, clean);
  // Not while a line from the old origin is on its way.
  if (newest() != before) MoveValueOrigin();
}

void RingTiers::Push(size_t tier, uint32_t slot, const Moments& line, double centre) {
  if (tier == plan_->tiers.size()) return;
  while (tiers_.size() <= tier) {
    GrowTo(tiers_.size());
    tiers_.emplace_back();
  }
  const uint32_t capacity = plan_->tiers[tier].capacity;
  if (tiers_[tier].count > 0 && slot <= tiers_[tier].newest) {
    const uint32_t into = tiers_[tier].newest;
    Moments merged = At(tier, into).Line();
    merged.Merge(line);
    At(tier, into).Set(merged);
    const double before = CentreAt(tier, into);
    SetCentre(tier, into, before + (centre - before) * line.n / merged.n);
    return;
  }
  while (tiers_[tier].count > 0 && slot - tiers_[tier].newest + tiers_[tier].count > capacity) {
    HandDownOldest(tier);
  }
  Tier& state = tiers_[tier];
  if (state.count == 0) {
    state.newest = slot;
    state.count = 1;
  } else {
    while (state.newest < slot) {
      ++state.newest;
      ++state.count;
      At(tier, state.newest).n = 0;
    }
  }
  At(tier, slot).Set(line);
  SetCentre(tier, slot, centre);
}

// Far from its origin a mean would be rounded more than the samples themselves. What lies far from
// the new one is then rounded more, but only matters beside values that far away.
void RingTiers::MoveValueOrigin() {
  const double origin = raw_count_ > 0 ? raw_value_[raw_newest_] : value_origin_;
  const double shift = value_origin_ - origin;
  for (Bucket& bucket : buckets_) {
    bucket.mean_v =
        std::bit_cast<std::array<uint32_t, 2>>(std::bit_cast<double>(bucket.mean_v) + shift);
  }
  value_origin_ = origin;
  if (!centres_) return;
  const double of_centres = centres_->origin - centres_->filter.level();
  for (float& centre : centres_->of_buckets) centre = AsFloat(centre + of_centres);
  centres_->origin = centres_->filter.level();
}

void RingTiers::HandDownOldest(size_t tier) {
  const uint32_t slot = tiers_[tier].newest + 1 - tiers_[tier].count;
  --tiers_[tier].count;
  const Bucket& bucket = At(tier, slot);
  if (bucket.n == 0 || tier + 1 == plan_->tiers.size()) return;
  const uint32_t width = plan_->tiers[tier].width;
  const uint32_t coarser = plan_->tiers[tier + 1].width;
  const uint64_t start = uint64_t{slot} * width;
  Moments line = bucket.Line();
  line.mean_t += static_cast<double>(start % coarser) / kSecond;
  Push(tier + 1, static_cast<uint32_t>(start / coarser), line, CentreAt(tier, slot));
}

template <typename Visit>
void RingTiers::NewestFirst(Timestamp now, Timestamp origin, Visit visit) const {
  for (size_t age = 0; age < raw_count_; ++age) {
    const size_t i = RawIndex(age);
    const Timestamp time = base_ + raw_time_[i];
    if (time > now) continue;
    const Moments line = {
        .n = 1, .mean_t = Seconds(time - origin), .mean_v = raw_value_[i] - value_origin_};
    if (!visit(time, line, line.mean_t, 0.0)) return;
  }
  for (size_t tier = 0; tier < tiers_.size(); ++tier) {
    const uint32_t width = plan_->tiers[tier].width;
    // What a float may have added to a time: a sample exactly on the edge is outside.
    const double slack = width * 1e-10;
    for (uint32_t age = 0; age < tiers_[tier].count; ++age) {
      const uint32_t slot = tiers_[tier].newest - age;
      const Bucket& bucket = At(tier, slot);
      if (bucket.n == 0) continue;
      const Timestamp start = base_ + static_cast<Timestamp>(uint64_t{slot} * width);
      Moments line = bucket.Line();
      line.mean_t += Seconds(start - origin);
      const double centre = CentreAt(tier, slot);
      if (!visit(std::max(start, first_), line, line.mean_t - slack, centre)) return;
    }
  }
}

void RingTiers::Fit(std::span<const DurationMs> windows, Timestamp now,
                    std::span<WindowFit> out) const {
  const Timestamp origin = empty() ? now : last_time();
  size_t k = 0;
  Sums sums;
  double value_origin = 0;
  Timestamp start = 0;
  auto finish = [&] {
    out[k] = {.line = sums.Line(value_origin, value_origin_),
              .origin = origin,
              .start = start,
              .end = std::min(origin, now)};
    ++k;
  };
  NewestFirst(now, origin, [&](Timestamp from, const Moments& line, double mean_t, double) {
    while (k < windows.size() && mean_t <= Seconds(now - windows[k] - origin)) finish();
    if (k == windows.size()) return false;
    if (sums.n == 0) value_origin = line.mean_v;
    sums.Add(line, value_origin);
    start = from;
    return true;
  });
  while (k < windows.size()) finish();
}

WindowFit RingTiers::Fit(DurationMs window, Timestamp now) const {
  WindowFit fit;
  Fit(std::span(&window, 1), now, std::span(&fit, 1));
  return fit;
}

void RingTiers::Blocks(DurationMs window, Timestamp now, Timestamp origin,
                       std::vector<Block>* out) const {
  out->clear();
  const double edge = Seconds(now - window - origin);
  WildFilter::Judge judge;
  if (centres_) judge = JudgeOfRaw();
  const Timestamp oldest_raw = empty() ? now : base_ + raw_time_[RawIndex(raw_count_ - 1U)];
  const auto visit = [&](Timestamp start, const Moments& line, double mean_t, double centre) {
    if (mean_t <= edge) return false;
    Block& block = out->emplace_back(Block{start, line, centre});
    block.line.mean_v += value_origin_;
    if (centres_ && start >= oldest_raw) block.centre = judge.Clean(block.line.mean_v);
    return true;
  };
  NewestFirst(now, origin, visit);
  std::ranges::reverse(*out);
}

size_t RingTiers::MemoryBytes() const {
  const size_t buckets = tiers_.capacity() * sizeof(Tier) + buckets_.capacity() * sizeof(Bucket);
  if (!centres_) return buckets;
  return buckets + sizeof(Centres) + centres_->of_buckets.capacity() * sizeof(float);
}

size_t RingTiers::MostBytes(const WindowPlan& plan) {
  const size_t tiers = std::bit_ceil(plan.tiers.size()) * sizeof(Tier);
  const size_t buckets = plan.buckets();
  const size_t centres = plan.centres ? sizeof(Centres) + buckets * sizeof(float) : 0;
  return tiers + buckets * sizeof(Bucket) + centres;
}

void RingTiers::Save(RowWriter& out) const {
  out.U64(plan_->tiers.size());
  for (const WindowPlan::Tier& tier : plan_->tiers) out.U64(tier.width).U64(tier.capacity);
  out.U64(raw_count_);
  if (raw_count_ == 0) return;
  out.I64(base_).I64(first_).Double(value_origin_);
  for (size_t age = raw_count_; age-- > 0;) {
    out.U64(raw_time_[RawIndex(age)]).Double(raw_value_[RawIndex(age)]);
  }
  if (centres_) {
    out.Double(centres_->origin);
    centres_->filter.Save(out);
  }
  out.U64(tiers_.size());
  for (size_t i = 0; i < tiers_.size(); ++i) {
    out.U64(tiers_[i].newest).U64(tiers_[i].count);
    for (uint32_t age = tiers_[i].count; age-- > 0;) {
      const Bucket& bucket = At(i, tiers_[i].newest - age);
      out.U64(bucket.n);
      if (bucket.n == 0) continue;
      for (float part : {bucket.mean_t, bucket.m_tt, bucket.m_tv, bucket.root_rest}) {
        out.U64(std::bit_cast<uint32_t>(part));
      }
      out.Double(bucket.Line().mean_v);
      if (!centres_) continue;
      const float centre = centres_->of_buckets[Place(i, tiers_[i].newest - age)];
      out.U64(std::bit_cast<uint32_t>(centre));
    }
  }
}

void RingTiers::Load(RowReader& in) {
  bool same = in.U64() == plan_->tiers.size();
  for (size_t i = 0; same && i < plan_->tiers.size(); ++i) {
    const uint64_t width = in.U64();
    const uint64_t capacity = in.U64();
    same = width == plan_->tiers[i].width && capacity == plan_->tiers[i].capacity;
  }
  if (!same || !LoadRaw(in) || (raw_count_ > 0 && !LoadTiers(in))) Clear();
}

bool RingTiers::LoadRaw(RowReader& in) {
  const uint64_t count = in.U64();
  if (count > kRaw) return false;
  if (count == 0) return true;
  base_ = in.I64();
  first_ = in.I64();
  value_origin_ = in.Double();
  constexpr Timestamp kFarthest = Timestamp{1} << 60;
  if (base_ < -kFarthest || base_ > kFarthest || base_ % plan_->coarsest() != 0) return false;
  if (first_ < -kFarthest || first_ > kFarthest || !std::isfinite(value_origin_)) return false;
  raw_newest_ = static_cast<uint8_t>(count - 1);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t time = in.U64();
    raw_value_[i] = in.Double();
    const bool ascends = i == 0 || time > raw_time_[i - 1];
    if (!ascends || time >= kFarOffset || !std::isfinite(raw_value_[i])) return false;
    raw_time_[i] = static_cast<uint32_t>(time);
  }
  raw_count_ = static_cast<uint8_t>(count);
  return true;
}

bool RingTiers::LoadTiers(RowReader& in) {
  if (centres_) {
    centres_->origin = in.Double();
    centres_->filter.Load(in);
  }
  const uint64_t used = in.U64();
  if (used > plan_->tiers.size()) return false;
  for (size_t i = 0; i < used; ++i) {
    const WindowPlan::Tier& plan = plan_->tiers[i];
    const uint64_t newest = in.U64();
    const uint64_t count = in.U64();
    const bool near = newest < kFarOffset && newest * plan.width < kFarOffset;
    if (!near || count > plan.capacity || count > newest + 1) return false;
    tiers_.push_back(
        {.newest = static_cast<uint32_t>(newest), .count = static_cast<uint16_t>(count)});
    GrowTo(i);
    for (uint64_t age = count; age-- > 0;) {
      Bucket& bucket = At(i, static_cast<uint32_t>(newest - age));
      const uint64_t n = in.U64();
      if (n > UINT32_MAX) return false;
      bucket.n = static_cast<uint32_t>(n);
      if (n == 0) continue;
      for (float* part : {&bucket.mean_t, &bucket.m_tt, &bucket.m_tv, &bucket.root_rest}) {
        *part = std::bit_cast<float>(static_cast<uint32_t>(in.U64()));
        if (!std::isfinite(*part)) return false;
      }
      bucket.mean_v = std::bit_cast<std::array<uint32_t, 2>>(in.Double());
      if (!std::isfinite(bucket.Line().mean_v) || bucket.m_tt < 0) return false;
      if (!centres_) continue;
      const auto centre = std::bit_cast<float>(static_cast<uint32_t>(in.U64()));
      if (!std::isfinite(centre)) return false;
      centres_->of_buckets[Place(i, static_cast<uint32_t>(newest - age))] = centre;
    }
  }
  return true;
}

}  // namespace outrider
