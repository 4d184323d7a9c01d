"""What the published numbers are from: each source in full, and in what form its numbers were seen.

A page lists its sources. Where a paper itself was not at hand, the words in brackets say what was.
"""

from __future__ import annotations

NATURE = (
    "D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning representations by back-propagating errors, "
    "Nature 323 (1986), 533-536, [doi:10.1038/323533a0](https://doi.org/10.1038/323533a0). (Seen: transcriptions, of which "
    "most have 0.01 as the second epsilon of Figure 4, and one 0.001.)"
)
CONCEPTS = (
    "G. E. Hinton, Learning distributed representations of concepts, Proceedings of the 8th Annual Conference of the "
    "Cognitive Science Society (1986), 1-12. (Not seen. That 7 of 8 facts were right in two runs of 100 and 4 is told by the "
    "notes on this data in the UCI repository, "
    "[Kinship](https://archive.ics.uci.edu/ml/datasets/Kinship), which speak of 500 sweeps.)"
)
LECTURES = (
    "G. E. Hinton, Neural Networks for Machine Learning, Coursera 2012, lecture 4a: of 4 held-out facts, it gets about 3/4 "
    "right. (Seen: transcripts.)"
)
PDP = (
    "D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning internal representations by error propagation, chapter 8 of "
    "Parallel Distributed Processing, volume 1, MIT Press 1986, pp. 318-362. (Seen: notes of readers, with its numbers and "
    "pages; not the chapter.)"
)
HAMEY = (
    "L. G. C. Hamey, XOR has no local minima: a case study in neural network error surface analysis, Neural Networks 11 "
    "(1998), 669-681. (Seen: the abstract of his report on the same, Macquarie University 95/167C.)"
)
NIELSEN = (
    "M. A. Nielsen, Neural Networks and Deep Learning, Determination Press 2015, chapters "
    "[1](http://neuralnetworksanddeeplearning.com/chap1.html), [3](http://neuralnetworksanddeeplearning.com/chap3.html) and "
    "[5](http://neuralnetworksanddeeplearning.com/chap5.html)."
)
HOCHREITER = "S. Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen, diploma thesis, TU Munich 1991. (Not seen.)"
BENGIO = (
    "Y. Bengio, P. Simard, P. Frasconi, Learning long-term dependencies with gradient descent is difficult, IEEE Transactions "
    "on Neural Networks 5 (1994), 157-166. (Not seen.)"
)
GLOROT = (
    "X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, "
    "[AISTATS 2010](https://proceedings.mlr.press/v9/glorot10a.html), abstract and Figure 7. (Seen: the abstract; what 'holds' is from memory of the figure.)"
)
HE = (
    "K. He, X. Zhang, S. Ren, J. Sun, Delving deep into rectifiers, ICCV 2015, "
    "[arXiv:1502.01852](https://arxiv.org/abs/1502.01852), section 2.2 and Figure 3. (Seen: notes of readers.)"
)
DROPOUT = (
    "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov, Dropout: a simple way to prevent neural networks "
    "from overfitting, [JMLR 15](https://jmlr.org/papers/v15/srivastava14a.html) (2014), 1929-1958, Table 2. (Seen: copies of the table by readers.)"
)
SIMARD = (
    "P. Simard, D. Steinkraus, J. Platt, Best practices for convolutional neural networks applied to visual document "
    "analysis, ICDAR 2003. (As Srivastava et al. have it.)"
)
MNIST = (
    "The images: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, "
    "Proceedings of the IEEE 86 (1998), 2278-2324."
)
NOTES = "The notes with which Clearprop began, formula by formula: [docs/notes.md](../notes.md)."
