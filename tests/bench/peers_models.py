"""PyTorch peers of our Laplace curvatures and predictions: a classifier with ReLU units, 10,000 rows, as fast as we can write them.

No autograd. The columns of the factor source (S S' = the Hessian in the outputs; for the empirical Fisher the gradient at the label) go
back through the layers one by one, each for a whole batch of rows: what a column needs then stays in the cache, which measured a fifth
faster than all columns in one product. Sums over all rows, biases included, in float (ours: Kronecker factors and full matrices in double).
"""
import math

import torch
import torch.nn.functional as F

ROWS, BATCH, DRAWS, SD = 10000, 500, 20, math.exp(-4)


class Classifier:
    """Weights [n_out x n_in] as ours begin; rows of random pixels."""

    def __init__(self, widths):
        self.weights = [torch.randn(o, i) * math.sqrt(2 / i) for i, o in zip(widths, widths[1:])]
        self.biases = [torch.zeros(o) for o in widths[1:]]
        self.x, self.label = torch.rand(ROWS, widths[0]), torch.arange(ROWS) % widths[-1]

    def batches(self):
        return zip(self.x.split(BATCH), self.label.split(BATCH))

    def forward(self, x):
        """The inputs of each layer, and the outputs."""
        inputs = []
        for weight, bias in zip(self.weights, self.biases):
            inputs.append(x.clamp_(min=0) if inputs else x)
            x = torch.addmm(bias, inputs[-1], weight.t())
        return inputs, x

    def backward(self, is_on, d):
        """(layer, gradient in its outputs before ReLU [rows x n_out]) from the last to the first, for a column d [rows x classes]."""
        for k in range(len(self.weights) - 1, 0, -1):
            yield k, d
            d = torch.mm(d, self.weights[k]).mul_(is_on[k])
        yield 0, d


def masks(inputs):
    return [(x > 0).float() for x in inputs]


def ggn_columns(f, label):
    p = torch.softmax(f, 1)
    root = p.sqrt()
    return (torch.diag_embed(root) - root.unsqueeze(2) * p.unsqueeze(1)).unbind(1)


def fisher_columns(f, label):
    return [torch.softmax(f, 1) - F.one_hot(label, f.shape[1])]


def with_ones(x):
    return F.pad(x, (0, 1), value=1.0)


def diag(net, columns):
    """[(weights, biases)]: H_oj = sum_rows (sum_columns d_o^2) x_j^2"""
    made = [(torch.zeros_like(w), torch.zeros_like(b)) for w, b in zip(net.weights, net.biases)]
    for x, label in net.batches():
        inputs, f = net.forward(x)
        is_on, squares = masks(inputs), [torch.zeros(len(x), len(b)) for b in net.biases]
        for column in columns(f, label):
            for k, d in net.backward(is_on, column):
                squares[k].addcmul_(d, d)
        for (weight, bias), q, y in zip(made, squares, inputs):
            weight.addmm_(q.t(), y.square())
            bias.add_(q.sum(0))
    return made


def kron(net, columns):
    """[(A, G)]: A = sum_rows x x' with the bias as an input of 1, G = sum_rows,columns d d'"""
    made = [(torch.zeros(w.shape[1] + 1, w.shape[1] + 1), torch.zeros(len(w), len(w))) for w in net.weights]
    for x, label in net.batches():
        inputs, f = net.forward(x)
        is_on = masks(inputs)
        for (a, _), y in zip(made, map(with_ones, inputs)):
            a.addmm_(y.t(), y)
        for column in columns(f, label):
            for k, d in net.backward(is_on, column):
                made[k][1].addmm_(d.t(), d)
    return made


def full_last(net):
    """[classes (n_in + 1)] squared, lower blocks: of classes c >= e sum_rows (p_c (c = e) - p_c p_e) x x'; one product for each c."""
    n_classes, n = net.weights[-1].shape[0], net.weights[-1].shape[1] + 1
    made = torch.zeros(n_classes * n, n_classes * n)
    for x, _ in net.batches():
        inputs, f = net.forward(x)
        y, p = with_ones(inputs[-1]), torch.softmax(f, 1)
        hessian = torch.diag_embed(p) - p.unsqueeze(2) * p.unsqueeze(1)
        for c in range(n_classes):
            right = (hessian[:, c, :c + 1].unsqueeze(2) * y.unsqueeze(1)).view(len(x), -1)
            made[c * n:(c + 1) * n, :(c + 1) * n].addmm_(y.t(), right)
    return made


def drawn(net, from_layer):
    draw = lambda mean: torch.randn_like(mean).mul_(SD).add_(mean)
    return [(draw(w), draw(b)) for w, b in zip(net.weights[from_layer:], net.biases[from_layer:])]


def outputs(x, layers):
    for k, (weight, bias) in enumerate(layers):
        x = torch.addmm(bias, x.clamp_(min=0) if k > 0 else x, weight.t())
    return x


class Votes:
    """Mean class probabilities over draws, with the entropy of the mean and the mean entropy (nats) per row."""

    def __init__(self, net):
        self.p, self.entropy = torch.zeros(ROWS, len(net.biases[-1])), torch.zeros(ROWS)

    def add(self, rows, f):
        log_p = torch.log_softmax(f, 1)
        p = log_p.exp()
        self.p[rows] += p
        self.entropy[rows] -= log_p.mul_(p).sum(1)

    def mean(self):
        p = self.p / DRAWS
        return p, torch.special.entr(p).sum(1), self.entropy / DRAWS


def spans():
    return [slice(first, min(first + BATCH, ROWS)) for first in range(0, ROWS, BATCH)]


def predict(net):
    votes = Votes(net)
    for _ in range(DRAWS):
        layers = drawn(net, 0)
        for rows in spans():
            votes.add(rows, outputs(net.x[rows], layers))
    return votes.mean()


def predict_local(net):
    """The first layer draws its outputs, whose mean and sd are the same for all draws; the others their weights."""
    votes, draws = Votes(net), [drawn(net, 1) for _ in range(DRAWS)]
    weight, bias = net.weights[0], net.biases[0]
    variance = torch.full_like(weight, SD ** 2)
    for rows in spans():
        x = net.x[rows]
        mean = torch.addmm(bias, x, weight.t())
        sd = torch.addmm(torch.full_like(bias, SD ** 2), x.square(), variance.t()).sqrt_()
        for layers in draws:
            votes.add(rows, outputs(torch.randn_like(mean).mul_(sd).add_(mean).clamp_(min=0), layers))
    return votes.mean()


# What each job does, and how many of its units that is: one curvature, but a number of draws.
JOBS = {
    "diag_fisher": (lambda net: diag(net, fisher_columns), 1),
    "diag_ggn": (lambda net: diag(net, ggn_columns), 1),
    "kron_ggn": (lambda net: kron(net, ggn_columns), 1),
    "full_last": (full_last, 1),
    "predict": (predict, DRAWS),
    "predict_local": (predict_local, DRAWS),
}
