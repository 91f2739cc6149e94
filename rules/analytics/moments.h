// SPDX-License-Identifier: Apache-2.0
// The sums a least-squares line needs, kept centred on their means: nothing cancels, even with
// values of 1e12 and slopes of 1e-3, and two sets merge exactly (Chan, Golub, LeVeque).
#pragma once

#include <cmath>

namespace outrider {

// Times are seconds from an origin the owner knows.
struct Moments {
  double n = 0;
  double mean_t = 0;
  double mean_v = 0;
  double m_tt = 0;  // sum of (t - mean_t)^2
  double m_tv = 0;  // sum of (t - mean_t)(v - mean_v)
  double m_vv = 0;  // sum of (v - mean_v)^2

  // Merge of one sample (Welford).
  void Add(double t, double v) {
    n += 1;
    const double share = 1 / n;
    const double dt = t - mean_t;
    const double dv = v - mean_v;
    mean_t += dt * share;
    mean_v += dv * share;
    m_tt += dt * (t - mean_t);
    m_tv += dt * (v - mean_v);
    m_vv += dv * (v - mean_v);
  }

  // `other` is relative to the same origin.
  void Merge(const Moments& other) {
    if (other.n == 0) return;
    const double total = n + other.n;
    const double dt = other.mean_t - mean_t;
    const double dv = other.mean_v - mean_v;
    const double weight = n * other.n / total;
    m_tt += other.m_tt + dt * dt * weight;
    m_tv += other.m_tv + dt * dv * weight;
    m_vv += other.m_vv + dv * dv * weight;
    mean_t += dt * other.n / total;
    mean_v += dv * other.n / total;
    n = total;
  }

  bool HasSlope() const { return n >= 2 && m_tt > 0; }
  double Slope() const { return m_tv / m_tt; }  // per second; only if HasSlope()
  double At(double t) const { return mean_v + Slope() * (t - mean_t); }
  double StandardDeviation() const { return n > 0 ? std::sqrt(m_vv / n) : 0; }  // population
  // Of the slope; 0 with fewer than three samples.
  double StandardError() const {
    if (n < 3 || !(m_tt > 0)) return 0;
    const double residual = m_vv - m_tv * m_tv / m_tt;
    return residual > 0 ? std::sqrt(residual / ((n - 2) * m_tt)) : 0;
  }
  // Share of the variance that the line explains; 1 for a flat series.
  double R2() const { return m_vv > 0 && m_tt > 0 ? m_tv * m_tv / (m_tt * m_vv) : 1; }
};

}  // namespace outrider
