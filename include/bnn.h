/* libbnn: Bayesian neural networks by Bayes by Backprop and Laplace. The whole public interface. */
#ifndef BNN_H
#define BNN_H

#include "bnn/status.h"
#include "bnn/config.h"
#include "bnn/data.h"
#include "bnn/model.h"
#include "bnn/predict.h"
#include "bnn/method.h"

#endif
