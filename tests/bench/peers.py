#!/usr/bin/env python3
"""PyTorch peers of our training steps, written by hand for this benchmark; those of curvatures and predictions are in peers_models.py.

Answers lines "JOB NET THREADS" with the seconds of one step (model, draw), as `bench --serve` does; a line that begins with "- " says why not. Threads
and BLAS come from the environment (OMP_NUM_THREADS, OPENBLAS_NUM_THREADS, OPENBLAS_CORETYPE), which the driver sets; THREADS is ignored.

    map      plain net, autograd, torch.optim.Adam (the faster of its two forms)
    bbb      Bayes by Backprop as fast as we can write it: flat vectors, gradients by hand, everything in place; the faster of the next two
    bbb_log_sd, bbb_softplus      the same with spreads exp(s), as ours, or log(1 + exp(rho)), as in Blundell et al. (2015)
    modules  Bayes by Backprop as one would write it: a module per layer, autograd, torch.optim.Adam
    mixture  the same with a scale-mixture prior and a Monte Carlo KL
"""
import math
import os
import sys
import time

sys.dont_write_bytecode = True
try:
    import torch
    import torch.nn.functional as F
    import peers_models
except ImportError:
    torch = None

SECONDS, N_ROWS, RATE, PRIOR_SD = 0.2, 60000, 1e-3, 1.0


class Batch:
    """One fixed batch: unlike ours, a peer pays nothing for gathering rows."""

    def __init__(self, widths):
        self.is_image = widths[0] == 784
        n = 128 if self.is_image else 32
        self.x = torch.rand(n, widths[0])
        self.y = torch.randint(0, widths[-1], (n,)) if self.is_image else torch.randn(n, widths[-1])

    def loss(self, f):
        return F.cross_entropy(f, self.y) if self.is_image else 0.5 * F.mse_loss(f, self.y)


def map_step(widths, foreach):
    batch = Batch(widths)
    layers = []
    for n_in, n_out in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    adam = torch.optim.Adam(net.parameters(), lr=RATE, foreach=foreach)

    def step():
        adam.zero_grad(set_to_none=True)
        batch.loss(net(batch.x)).backward()
        adam.step()
    return step


class Adam:
    """One flat tensor for each quantity; no temporaries."""

    def __init__(self, n):
        self.m, self.v, self.root, self.t = torch.zeros(n), torch.zeros(n), torch.empty(n), 0

    def step(self, theta, g):
        self.t += 1
        self.m.lerp_(g, 0.1)
        self.v.mul_(0.999).addcmul_(g, g, value=0.001)
        torch.sqrt(self.v, out=self.root)
        self.root.mul_(1 / math.sqrt(1 - 0.999 ** self.t)).add_(1e-8)
        theta.addcdiv_(self.m, self.root, value=-RATE / (1 - 0.9 ** self.t))


class FlatNet:
    """Forward and backward by hand over views of one vector of weights w, gradient in g."""

    def __init__(self, widths):
        sizes = [o * i + o for i, o in zip(widths, widths[1:])]
        self.batch, self.n = Batch(widths), sum(sizes)
        self.w, self.g = torch.empty(self.n), torch.empty(self.n)
        views = lambda flat: [(part[:-o].view(o, i), part[-o:]) for part, i, o in
                              zip(flat.split(sizes), widths, widths[1:])]
        self.layers, self.grads = views(self.w), views(self.g)
        rows = self.batch.x.shape[0]
        self.y = [self.batch.x] + [torch.empty(rows, o) for o in widths[1:]]
        self.d = [torch.empty(rows, o) for o in widths[1:]]
        self.target = F.one_hot(self.batch.y, widths[-1]).float() if self.batch.is_image else self.batch.y

    def init(self, theta):
        for part, (weight, _) in zip(theta.split([o.numel() + b.numel() for o, b in self.layers]), self.layers):
            part[:weight.numel()].normal_(0, math.sqrt(2 / weight.shape[1]))
            part[weight.numel():].zero_()

    def gradient(self):
        last = len(self.layers) - 1
        for k, (weight, bias) in enumerate(self.layers):
            torch.addmm(bias, self.y[k], weight.t(), out=self.y[k + 1])
            if k < last:
                self.y[k + 1].clamp_(min=0)
        f = torch.softmax(self.y[-1], 1) if self.batch.is_image else self.y[-1]
        torch.sub(f, self.target, out=self.d[last]).div_(self.target.shape[0])
        for k in range(last, -1, -1):
            torch.mm(self.d[k].t(), self.y[k], out=self.grads[k][0])
            torch.sum(self.d[k], 0, out=self.grads[k][1])
            if k > 0:
                torch.mm(self.d[k], self.layers[k][0], out=self.d[k - 1])
                self.d[k - 1].mul_(self.y[k] > 0)


def log_sd_step(widths):
    """log sd as the parameter and g (w - mu) for its gradient: the tricks of our own step, where torch can use them."""
    net = FlatNet(widths)
    mu, log_sd, away = torch.empty(net.n), torch.full((net.n,), -4.0), torch.empty(net.n)
    d_log_sd, variance = torch.empty(net.n), torch.empty(net.n)
    mu_adam, sd_adam, weight = Adam(net.n), Adam(net.n), 1 / N_ROWS
    net.init(mu)

    def step():
        torch.exp(log_sd, out=variance)
        away.normal_().mul_(variance)
        torch.add(mu, away, out=net.w)
        net.gradient()
        torch.mul(net.g, away, out=d_log_sd)
        variance.square_()
        d_log_sd.add_(variance, alpha=weight / PRIOR_SD ** 2).sub_(weight)
        net.g.add_(mu, alpha=weight / PRIOR_SD ** 2)
        mu_adam.step(mu, net.g)
        sd_adam.step(log_sd, d_log_sd)
    return torch.no_grad()(step)


def softplus_step(widths):
    """The spreads by exp and log1p, which take 1.6 ns a weight; F.softplus takes 2.7."""
    net = FlatNet(widths)
    mu, rho, sd = torch.empty(net.n), torch.full((net.n,), math.log(math.expm1(math.exp(-4)))), torch.empty(net.n)
    epsilon, d_rho, work = torch.empty(net.n), torch.empty(net.n), torch.empty(net.n)
    mu_adam, rho_adam, weight = Adam(net.n), Adam(net.n), 1 / N_ROWS
    net.init(mu)

    def step():
        torch.exp(rho, out=sd).log1p_()
        epsilon.normal_()
        torch.addcmul(mu, sd, epsilon, out=net.w)
        net.gradient()
        torch.mul(net.g, epsilon, out=d_rho)
        torch.reciprocal(sd, out=work)
        d_rho.add_(sd, alpha=weight / PRIOR_SD ** 2).sub_(work, alpha=weight)
        torch.sigmoid(rho, out=work)
        d_rho.mul_(work)
        net.g.add_(mu, alpha=weight / PRIOR_SD ** 2)
        mu_adam.step(mu, net.g)
        rho_adam.step(rho, d_rho)
    return torch.no_grad()(step)


if torch is not None:
    class BayesLinear(torch.nn.Module):
        def __init__(self, n_in, n_out, is_mixture):
            super().__init__()
            self.is_mixture = is_mixture
            self.weight = torch.nn.Parameter(torch.randn(n_out, n_in) * math.sqrt(2 / n_in))
            self.bias = torch.nn.Parameter(torch.zeros(n_out))
            self.weight_rho = torch.nn.Parameter(torch.full((n_out, n_in), -4.0))
            self.bias_rho = torch.nn.Parameter(torch.full((n_out,), -4.0))

        def draw(self, mu, rho):
            sd = F.softplus(rho)
            w = mu + sd * torch.randn_like(mu)
            if not self.is_mixture:
                kl = (mu.square() + sd.square()).sum() / (2 * PRIOR_SD ** 2) - sd.log().sum()
                return w, kl
            wide = math.log(0.25 / 0.5) - w.square() / (2 * 0.5 ** 2)
            narrow = math.log(0.75 / 0.0025) - w.square() / (2 * 0.0025 ** 2)
            return w, -torch.logaddexp(wide, narrow).sum() - sd.log().sum()

        def forward(self, x):
            weight, kl = self.draw(self.weight, self.weight_rho)
            bias, kl_bias = self.draw(self.bias, self.bias_rho)
            return F.linear(x, weight, bias), kl + kl_bias


def modules_step(widths, is_mixture, foreach):
    batch = Batch(widths)
    layers = torch.nn.ModuleList([BayesLinear(i, o, is_mixture) for i, o in zip(widths, widths[1:])])
    adam = torch.optim.Adam(layers.parameters(), lr=RATE, foreach=foreach)

    def step():
        adam.zero_grad(set_to_none=True)
        x, kl = batch.x, 0
        for k, layer in enumerate(layers):
            x, kl_layer = layer(F.relu(x) if k > 0 else x)
            kl = kl + kl_layer
        (batch.loss(x) + kl / N_ROWS).backward()
        adam.step()
    return step


STEPS = {
    "map": lambda widths: [map_step(widths, False), map_step(widths, True)],
    "bbb": lambda widths: [log_sd_step(widths), softplus_step(widths)],
    "bbb_log_sd": lambda widths: [log_sd_step(widths)],
    "bbb_softplus": lambda widths: [softplus_step(widths)],
    "modules": lambda widths: [modules_step(widths, False, False), modules_step(widths, False, True)],
    "mixture": lambda widths: [modules_step(widths, True, False), modules_step(widths, True, True)],
}


def make(job, widths):
    """(forms of it, how many units each of them does)"""
    if job in STEPS:
        return STEPS[job](widths), 1
    work, units = peers_models.JOBS[job]
    net = peers_models.Classifier(widths)
    return [torch.no_grad()(lambda: work(net))], units


def seconds_per_call(step):
    """What takes long enough needs neither a warm start nor repetition."""
    clock = time.process_time if "BENCH_PROCESSOR_TIME" in os.environ else time.perf_counter
    start = clock()
    step()
    if clock() - start >= SECONDS:
        return clock() - start
    n, start = 0, clock()
    while True:
        step()
        n += 1
        passed = clock() - start
        if passed >= SECONDS:
            return passed / n


def main():
    made = {}
    for line in sys.stdin:
        job, net, _ = line.split()
        if torch is None:
            print("- needs PyTorch (python3-torch)", flush=True)
        elif job == "about":
            print("- torch %s" % torch.__version__, flush=True)
        elif job not in STEPS and job not in peers_models.JOBS:
            print("- no job of that name", flush=True)
        else:
            if (job, net) not in made:
                made[job, net] = make(job, [int(w) for w in net.split("-")])
            forms, units = made[job, net]
            print("%.9g" % (min(map(seconds_per_call, forms)) / units), flush=True)


main()
