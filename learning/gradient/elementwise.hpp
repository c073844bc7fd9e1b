// Functions of one number, with their slopes.
#pragma once

#include "core/host_device.hpp"
#include "core/math.hpp"

namespace synfire::learning {

template <class Real> struct Identity {
  SYNFIRE_HD Real value(Real x) const { return x; }
  SYNFIRE_HD Real slope(Real) const { return 1; }
};

template <class Real> struct Rectified {
  Real below;  ///< slope below 0
  SYNFIRE_HD Real value(Real x) const {
    return (x > Real(0) ? x : Real(0)) + below * (x < Real(0) ? x : Real(0));
  }
  SYNFIRE_HD Real slope(Real x) const { return below + (Real(1) - below) * Real(x > Real(0)); }
};

template <class Real> struct Exponential {
  Real alpha;
  SYNFIRE_HD Real value(Real x) const {
    return x > Real(0) ? x : alpha * (math::exp((x > Real(0) ? Real(0) : x) / alpha) - Real(1));
  }
  SYNFIRE_HD Real slope(Real x) const {
    return x > Real(0) ? Real(1) : math::exp((x > Real(0) ? Real(0) : x) / alpha);
  }
};

template <class Real> struct Clamped {
  Real low, high;
  SYNFIRE_HD Real value(Real x) const {
    const Real raised = x > low ? x : low;
    return raised < high ? raised : high;
  }
  SYNFIRE_HD Real slope(Real x) const { return x > low && x < high ? Real(1) : Real(0); }
};

}  // namespace synfire::learning
